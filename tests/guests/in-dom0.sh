#!/bin/sh
# SPDX-License-Identifier: ISC
# Runs in dom0: creates test guests by vmctl or xl, waits for them to end, prints what they wrote.
#   in-dom0.sh vmctl|xl SECONDS NAME...
# NAME.cfg and the images lie beside it. NAME+OTHER creates both, and waits until NAME is gone and OTHER has said its verdict.
tool=$1 limit=$2
shift 2
case $tool in
vmctl) logs=/var/log/plinth/console prefix= ;;
xl) logs=/var/log/xen/console prefix=guest- ;;
esac

alive() { $tool domid "$1" >/dev/null 2>&1; }

has_verdict() { grep -q VERDICT "$logs/$prefix$1.log"; }

# await NAME [has_verdict]: until NAME is gone, or has said its verdict, as one does that spins or sleeps for ever after that.
await() {
	waited=0
	while alive "$1" && ! "${2:-false}" "$1" && [ $waited -lt "$limit" ]; do
		sleep 1
		waited=$((waited + 1))
	done
	[ $waited -lt "$limit" ] || ! alive "$1"
}

for group; do
	first=${group%%+*}
	echo "guests: begin $group"
	for name in $(echo "$group" | tr + ' '); do
		$tool create ./"$name".cfg || echo "guests: $tool create $name failed with status $?"
	done
	await "$first" || echo "guests: $first is still there after $limit s"
	for name in $(echo "$group" | tr + ' '); do
		await "$name" has_verdict || echo "guests: $name has not said its verdict after $limit s"
	done
	sync
	for name in $(echo "$group" | tr + ' '); do
		! alive "$name" || $tool destroy "$name"
		echo "guests: console of $name"
		cat "$logs/$prefix$name.log"
	done
	echo "guests: end $group"
done
