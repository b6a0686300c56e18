#!/bin/sh
# Fills the directory, then serves it in the foreground and tells every operation.
set -eu
configuration=/run/slapd/slapd.conf
install -d -o openldap -g openldap /run/slapd /var/lib/ldap
{
	cat /etc/ldap/slapd.conf
	if [ -e /tls/tls.crt ]; then
		install -o openldap -g openldap -m 0400 /tls/tls.key /run/slapd/tls.key
		echo "TLSCertificateFile /tls/tls.crt"
		echo "TLSCertificateKeyFile /run/slapd/tls.key"
	fi
	[ -z "$LDAP_REQUIRE_TLS" ] || echo "security tls=1"
	cat /etc/ldap/database.conf
} >"$configuration"
rm -f /var/lib/ldap/*
for file in /directory/*.ldif; do
	slapadd -f "$configuration" -l "$file"
done
chown -R openldap:openldap /var/lib/ldap
exec slapd -u openldap -g openldap -f "$configuration" -h "$LDAP_URLS" -d stats
