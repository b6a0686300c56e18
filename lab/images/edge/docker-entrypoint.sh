#!/bin/sh
# Runs what is in /docker-entrypoint.d and fills in /etc/nginx/templates/*.template, then starts the command.
set -eu

if [ "$1" = nginx ]; then
	for script in /docker-entrypoint.d/*.sh; do
		if [ -x "$script" ]; then "$script"; fi
	done
	for template in /etc/nginx/templates/*.template; do
		[ -e "$template" ] || continue
		names=$(env | cut -d= -f1 | sed 's/.*/${&}/' | tr '\n' ' ')
		envsubst "$names" <"$template" >"/etc/nginx/conf.d/$(basename "$template" .template)"
	done
fi
exec "$@"
