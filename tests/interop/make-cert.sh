#!/usr/bin/env bash
# Makes a certificate authority and a server certificate to try things with.
set -eu

usage='usage: make-cert.sh FOLDER [ec|rsa]
       make-cert.sh -h | --help

Writes into FOLDER, which it makes if need be:
  ca.pem    the authority: what a client trusts
  cert.pem  the certificate of a server, for localhost, 127.0.0.1 and ::1
  key.pem   its private key: P-256 (ec, the default) or RSA with 2048 bits
All are valid for 30 days and protect nothing: they are for trials only.'

case "${1-}" in
-h | --help) printf '%s\n' "$usage"; exit 0 ;;
'' | -*) printf '%s\n' "$usage" >&2; exit 2 ;;
esac
folder=$1
case "${2-ec}" in
ec) key_type=(-newkey ec -pkeyopt ec_paramgen_curve:P-256) ;;
rsa) key_type=(-newkey rsa:2048) ;;
*) printf 'make-cert.sh: the key type is ec or rsa\n' >&2; exit 2 ;;
esac

umask 077
mkdir -p "$folder"
config=$folder/openssl.cnf
cat >"$config" <<'END'
[req]
distinguished_name = name
[name]
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature, keyEncipherment
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = DNS:localhost, IP:127.0.0.1, IP:::1
END

make() {
	openssl req -x509 -config "$config" "${key_type[@]}" -nodes -sha256 \
		-days 30 "$@" 2>"$folder/openssl.log" || {
		cat "$folder/openssl.log" >&2
		exit 1
	}
}

make -extensions ca -subj '/CN=Trial CA' \
	-keyout "$folder/ca-key.pem" -out "$folder/ca.pem"
make -extensions server -subj '/CN=localhost' \
	-CA "$folder/ca.pem" -CAkey "$folder/ca-key.pem" \
	-keyout "$folder/key.pem" -out "$folder/cert.pem"
rm -f "$folder/ca-key.pem" "$folder/openssl.log" "$config"
