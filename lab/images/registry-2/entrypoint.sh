#!/bin/sh
# A configuration file alone means `registry serve FILE`; a command of the registry is run by it; the rest is run as it is.
set -eu

case "$1" in
	*.yml | *.yaml) set -- registry serve "$@" ;;
	serve | garbage-collect | help | -*) set -- registry "$@" ;;
esac
exec "$@"
