# SPDX-License-Identifier: ISC
# Runs in dom0 instead of a shell: carries out the commands that the test harness sends over the console.
# Console input goes through small rings that may drop what comes too fast, and output may be torn by messages of
# the hypervisor; so a command comes in pieces, each acknowledged, and output goes with a checksum.
#   +BASE64          a piece of the command                -> agent: +
#   !N LIMIT         run it, at most LIMIT seconds         -> the answer N
#   ?N               the last answer again                 -> the answer N
#   answer: "agent: begin N", output lines, "agent: end N STATUS MD5"
stty -echo
dmesg -n 1
out=/tmp/agent.out
command=
cd /

answer() {
	printf '\nagent: begin %s\n' "$1"
	cat $out
	printf '\nagent: end %s %s %s\n' "$1" "$status" "$(md5sum <$out | cut -d' ' -f1)"
}

printf '\nagent: ready\n'
while read -r line; do
	case $line in
	+*)
		command=$command${line#+}
		echo 'agent: +'
		;;
	!*)
		set -- ${line#!}
		echo "$command" | base64 -d >/tmp/agent.command
		command=
		timeout -s KILL "$2" sh /tmp/agent.command >$out.raw 2>&1 </dev/null
		status=$?
		tr -d '\r\000' <$out.raw >$out
		answer "$1"
		;;
	\?*)
		answer "${line#?}"
		;;
	esac
done
