/* The library's end of an interop connection; ends.c has the usage. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zephyr/net/socket.h>
#include <zephyr/net/tls_credentials.h>
#include <zsock/zsock.h>

#include "interop/ends.h"

#define MANY 16 /* clients of one DTLS server */

enum { TAG_CA = 1, TAG_OWN, TAG_PSK };

/* A DTLS client. */
struct client {
	int sock;
	bool told; /* of its handshake */
};

/* A DTLS server's only socket. */
struct datagrams {
	int sock;
	struct net_sockaddr_in6 heard[MANY]; /* in the order of first words */
	size_t nheard;
	const struct net_sockaddr_in6 *last; /* who is answered to */
	net_socklen_t len;                   /* of their addresses */
};

static sec_tag_t tags[END_LIST_MAX + TAG_PSK];
static size_t ntags;

static _Noreturn void
fail(int sock, const char *what)
{
	const int err = errno;
	char text[512] = "", why[600];

	if (sock >= 0)
		zsock_error_text(sock, text, sizeof(text));
	snprintf(why, sizeof(why), "%s: %s", strerrorname_np(err), text);
	end_fail(what, why);
}

/* What was added stays as it is, for a device keeps the pointer. */
static void
add(sec_tag_t tag, enum tls_credential_type type, const void *data, size_t len)
{
	static void *kept[64];
	static size_t n;

	if (n == sizeof(kept) / sizeof(kept[0]) ||
	    (kept[n] = malloc(len > 0 ? len : 1)) == NULL)
		end_fail("tls_credential_add", "too many credentials");
	memcpy(kept[n], data, len);
	errno = -tls_credential_add(tag, type, kept[n++], len);
	if (errno != 0)
		fail(-1, "tls_credential_add");
	if (ntags == 0 || tags[ntags - 1] != tag)
		tags[ntags++] = tag;
}

/* PEM counts its NUL. */
static void
add_file(sec_tag_t tag, enum tls_credential_type type, const char *file)
{
	size_t len;
	char *data;

	if (file == NULL)
		return;
	data = end_read_file(file, &len);
	if (strstr(data, "-----BEGIN") != NULL)
		len++;
	add(tag, type, data, len);
	free(data);
}

/* Each identity has a tag of its own. */
static void
add_credentials(const struct end_args *a)
{
	add_file(TAG_CA, TLS_CREDENTIAL_CA_CERTIFICATE, a->ca);
	add_file(TAG_OWN, TLS_CREDENTIAL_PUBLIC_CERTIFICATE, a->cert);
	add_file(TAG_OWN, TLS_CREDENTIAL_PRIVATE_KEY, a->key);
	for (size_t i = 0; i < a->npsk; i++) {
		const struct end_psk psk = end_parse_psk(a->psk[i]);
		const sec_tag_t tag = TAG_PSK + (sec_tag_t)i;

		add(tag, TLS_CREDENTIAL_PSK_ID, psk.id, psk.id_len);
		add(tag, TLS_CREDENTIAL_PSK, psk.key, psk.len);
	}
}

static void
set(int sock, int level, int option, const void *val, size_t len,
    const char *what)
{
	if (zsock_setsockopt(sock, level, option, val, (net_socklen_t)len) != 0)
		fail(sock, what);
}

#define SET_TLS(option, val, len) \
	set(sock, ZSOCK_SOL_TLS, ZSOCK_##option, val, len, #option)

static void
set_dtls(int sock, const struct end_args *a)
{
	const int role = ZSOCK_TLS_DTLS_ROLE_SERVER;

	if (a->server)
		SET_TLS(TLS_DTLS_ROLE, &role, sizeof(role));
	if (a->resend[0] == 0)
		return;
	SET_TLS(TLS_DTLS_HANDSHAKE_TIMEOUT_MIN, &a->resend[0],
	    sizeof(a->resend[0]));
	SET_TLS(TLS_DTLS_HANDSHAKE_TIMEOUT_MAX, &a->resend[1],
	    sizeof(a->resend[1]));
}

static int
open_socket(const struct end_args *a)
{
	static const int protocols[] = { NET_IPPROTO_TLS_1_0,
		NET_IPPROTO_TLS_1_1, NET_IPPROTO_TLS_1_2, NET_IPPROTO_TLS_1_3 };
	const int on = ZSOCK_TLS_SESSION_CACHE_ENABLED;
	const int family = a->ipv6 ? NET_AF_INET6 : NET_AF_INET;
	const int sock = a->dtls
	    ? zsock_socket(family, NET_SOCK_DGRAM, NET_IPPROTO_DTLS_1_2)
	    : zsock_socket(family, NET_SOCK_STREAM,
	          protocols[(a->lowest - 10) & 3]);

	if (sock < 0)
		fail(-1, "socket");
	if (a->dtls)
		set_dtls(sock, a);
	if (ntags > 0)
		SET_TLS(TLS_SEC_TAG_LIST, tags, ntags * sizeof(tags[0]));
	if (a->name != NULL || a->any_name)
		SET_TLS(TLS_HOSTNAME, a->name,
		    a->name == NULL ? 0 : strlen(a->name) + 1);
	if (a->verify >= 0)
		SET_TLS(TLS_PEER_VERIFY, &a->verify, sizeof(a->verify));
	if (a->nsuites > 0)
		SET_TLS(TLS_CIPHERSUITE_LIST, a->suites,
		    a->nsuites * sizeof(a->suites[0]));
	if (a->nalpn > 0)
		SET_TLS(TLS_ALPN_LIST, a->alpn, a->nalpn * sizeof(a->alpn[0]));
	if (a->sessions)
		SET_TLS(TLS_SESSION_CACHE, &on, sizeof(on));
	return sock;
}

/* In the profile linux, accept and connect leave the handshake to readiness. */
static void
await_handshake(int sock)
{
	struct zsock_pollfd ready = { .fd = sock, .events = ZSOCK_POLLOUT };

	while (zsock_tls_version(sock) == NULL) {
		if (errno != ENOTCONN ||
		    zsock_poll(&ready, 1, END_WAIT_S * 1000) != 1 ||
		    (ready.revents & ZSOCK_POLLERR) != 0)
			fail(sock, "handshake");
	}
}

/* Zephyr 3.3 has no such option: the flags are then those of no handshake. */
static unsigned
verify_flags(int sock)
{
	uint32_t flags = UINT32_MAX;
	net_socklen_t len = sizeof(flags);

	if (zsock_getsockopt(sock, ZSOCK_SOL_TLS, ZSOCK_TLS_CERT_VERIFY_RESULT,
	        &flags, &len) != 0 &&
	    errno != ENOPROTOOPT)
		fail(sock, "TLS_CERT_VERIFY_RESULT");
	return flags;
}

static void
tell_open(int sock)
{
	const char *version = zsock_tls_version(sock);
	const char *suite = zsock_tls_ciphersuite(sock);
	const int resumed = zsock_tls_resumed(sock);
	char alpn[256];
	int number;
	net_socklen_t len = sizeof(number);

	if (version == NULL || suite == NULL || resumed < 0 ||
	    zsock_tls_alpn(sock, alpn, sizeof(alpn)) < 0)
		fail(sock, "what was agreed on");
	if (zsock_getsockopt(sock, ZSOCK_SOL_TLS, ZSOCK_TLS_CIPHERSUITE_USED,
	        &number, &len) != 0)
		fail(sock, "TLS_CIPHERSUITE_USED");
	end_tell_open(version, suite, (unsigned)number, verify_flags(sock),
	    alpn, resumed == 1);
}

static void
send_all(void *with, const unsigned char *data, size_t len)
{
	const int sock = *(int *)with;

	while (len > 0) {
		const ssize_t n = zsock_send(sock, data, len, 0);

		if (n < 0)
			fail(sock, "send");
		data += n;
		len -= (size_t)n;
	}
}

static size_t
recv_some(void *with, unsigned char *data, size_t len)
{
	const int sock = *(int *)with;
	const ssize_t n = zsock_recv(sock, data, len, 0);

	if (n < 0)
		fail(sock, "recv");
	return (size_t)n;
}

/* In the profile zephyr-3.3, connect leaves the handshake to the first send. */
static void
tell_if_open(struct client *c)
{
	c->told = c->told || zsock_tls_version(c->sock) != NULL;
	if (c->told)
		tell_open(c->sock);
}

static void
send_datagram(void *with, const unsigned char *data, size_t len)
{
	struct client *c = with;

	if (zsock_send(c->sock, data, len, 0) != (ssize_t)len)
		fail(c->sock, "send");
	if (!c->told)
		tell_if_open(c);
}

/* Who has left is not connected any more. */
static size_t
recv_datagram(void *with, unsigned char *data, size_t len)
{
	const struct client *c = with;
	const ssize_t n = zsock_recv(c->sock, data, len, 0);

	if (n < 0 && errno != ENOTCONN)
		fail(c->sock, "recv");
	return n < 0 ? 0 : (size_t)n;
}

static void
answer(void *with, const unsigned char *data, size_t len)
{
	const struct datagrams *d = with;

	if (zsock_sendto(d->sock, data, len, 0,
	        (const struct net_sockaddr *)d->last, d->len) != (ssize_t)len)
		fail(d->sock, "sendto");
}

/* The session of whom was heard for the first time is the latest one. */
static void
note(struct datagrams *d, const struct net_sockaddr_in6 *from)
{
	for (size_t i = 0; i < d->nheard; i++) {
		d->last = &d->heard[i];
		if (d->last->sin6_port == from->sin6_port)
			return;
	}
	if (d->nheard == MANY)
		end_fail("recvfrom", "too many clients");
	d->last = &d->heard[d->nheard];
	d->heard[d->nheard++] = *from;
	tell_open(d->sock);
}

/*
 * Handshakes and who leaves are no data: they do not end the wait, and what
 * poll tells of them is no failure.
 */
static size_t
hear(void *with, unsigned char *data, size_t len)
{
	struct datagrams *d = with;
	struct zsock_pollfd ready = { .fd = d->sock, .events = ZSOCK_POLLIN };
	struct net_sockaddr_in6 from; /* its port is where IPv4's is */
	ssize_t n;

	do {
		if (zsock_poll(&ready, 1, END_WAIT_S * 1000) != 1)
			fail(d->sock, "poll");
		d->len = sizeof(from);
		n = zsock_recvfrom(d->sock, data, len, ZSOCK_MSG_DONTWAIT,
		    (struct net_sockaddr *)&from, &d->len);
	} while (n < 0 && errno == EAGAIN);
	if (n < 0)
		fail(d->sock, "recvfrom");
	note(d, &from);
	return (size_t)n;
}

static void
serve_connection(int sock, const struct end_args *a)
{
	const struct zsock_timeval t = { .tv_sec = END_WAIT_S };
	struct client client = { .sock = sock };
	const struct end_stream stream = a->dtls
	    ? (struct end_stream){ &client, send_datagram, recv_datagram, true }
	    : (struct end_stream){ &sock, send_all, recv_some, false };

	set(sock, ZSOCK_SOL_SOCKET, ZSOCK_SO_RCVTIMEO, &t, sizeof(t),
	    "SO_RCVTIMEO");
	set(sock, ZSOCK_SOL_SOCKET, ZSOCK_SO_SNDTIMEO, &t, sizeof(t),
	    "SO_SNDTIMEO");
	if (a->dtls) {
		tell_if_open(&client);
	} else {
		await_handshake(sock);
		tell_open(sock);
	}
	end_run_steps(a, &stream);
	if (zsock_close(sock) != 0)
		fail(sock, "close");
	printf("closed\n");
}

/* The address's length. */
static net_socklen_t
loopback(struct net_sockaddr_in6 *to, const struct end_args *a)
{
	struct net_sockaddr_in *v4 = (struct net_sockaddr_in *)to;

	if (a->ipv6) {
		*to = (struct net_sockaddr_in6){
			.sin6_family = NET_AF_INET6,
			.sin6_port = htons((uint16_t)a->port),
			.sin6_addr = net_in6addr_loopback,
		};
		return sizeof(*to);
	}
	*v4 = (struct net_sockaddr_in){
		.sin_family = NET_AF_INET,
		.sin_port = htons((uint16_t)a->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	return sizeof(*v4);
}

/* To a port of the kernel's choice, which it tells. */
static void
bind_loopback(int sock, const struct end_args *a)
{
	struct net_sockaddr_in6 at;
	net_socklen_t len = loopback(&at, a);

	if (zsock_bind(sock, (struct net_sockaddr *)&at, len) != 0 ||
	    (!a->dtls && zsock_listen(sock, 5) != 0) ||
	    zsock_getsockname(sock, (struct net_sockaddr *)&at, &len) != 0)
		fail(sock, "listen");
	printf("listening %d\n", ntohs(at.sin6_port));
}

static void
run_client(const struct end_args *a)
{
	struct net_sockaddr_in6 to;
	const net_socklen_t len = loopback(&to, a);

	for (int i = 0; i < a->rounds; i++) {
		const int sock = open_socket(a);

		if (zsock_connect(sock, (struct net_sockaddr *)&to, len) != 0)
			fail(sock, "connect");
		serve_connection(sock, a);
	}
}

static void
run_dtls_server(const struct end_args *a)
{
	struct datagrams d = { .sock = open_socket(a) };
	const struct end_stream stream = { &d, answer, hear, true };

	bind_loopback(d.sock, a);
	for (int i = 0; i < a->rounds; i++)
		end_run_steps(a, &stream);
	if (zsock_close(d.sock) != 0)
		fail(d.sock, "close");
	printf("closed\n");
}

static void
run_server(const struct end_args *a)
{
	const int listener = open_socket(a);

	bind_loopback(listener, a);
	for (int i = 0; i < a->rounds; i++) {
		const int sock = zsock_accept(listener, NULL, NULL);

		if (sock < 0)
			fail(listener, "accept");
		serve_connection(sock, a);
	}
	zsock_close(listener);
}

int
main(int argc, char **argv)
{
	struct end_args a;

	end_take_args(&a, argc, argv);
	add_credentials(&a);
	if (a.server && a.dtls)
		run_dtls_server(&a);
	else if (a.server)
		run_server(&a);
	else
		run_client(&a);
	return 0;
}
