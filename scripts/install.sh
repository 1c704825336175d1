#!/bin/bash
# SPDX-License-Identifier: ISC
# Installs files: install.sh DESTDIR PREFIX FILE:FOLDER...   FOLDER is below PREFIX; links stay links.
set -eu
destdir=$1 prefix=$2
shift 2
for row in "$@"; do
	file=${row%:*} to=$destdir$prefix/${row##*:}
	if [ -L "$file" ]; then
		mkdir -p "$to"
		cp -P "$file" "$to"/
	elif [ -x "$file" ]; then
		install -D -m 755 -t "$to" "$file"
	else
		install -D -m 644 -t "$to" "$file"
	fi
done
