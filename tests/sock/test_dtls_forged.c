/*
 * Records that somebody else has made, or changed, in the name of a session's
 * peer: they are passed over (RFC 6347, 4.1.2.7), whatever the suite.
 */
#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/kernel.h"
#include "base/profile.h"
#include "sock/call.h"
#include "sock/tls_names.h"
#include "support/dtls_ends.h"

#define HEADER 13

struct datagram {
	uint8_t data[200];
	size_t len;
};

static struct sockaddr_in addr, own;
static int server, client;

static const struct row {
	const char *name;
	int suite;
	bool psk;
} rows[] = {
	{ "aes_128_ccm_8", 0xc0a8, true },
	{ "aes_128_ccm", 0xc0a4, true },
	{ "aes_128_gcm", 0x00a8, true },
	{ "chacha20_poly1305", 0xccab, true },
	{ "aes_128_cbc_sha", 0x008c, true },
	{ "aes_128_cbc_sha256", 0x00ae, true },
	{ "aes_256_cbc_sha384", 0x00af, true },
	{ "ecdsa_aes_128_ccm_8", 0xc0ae, false },
	{ "ecdsa_aes_256_gcm", 0xc02c, false },
};

/* The last datagram that the library has sent. */
static struct datagram last;

static ssize_t
note_and_send(int kfd, const void *data, size_t len, int flags,
    const struct sockaddr *to, socklen_t tolen)
{
	last.len = len < sizeof(last.data) ? len : sizeof(last.data);
	memcpy(last.data, data, last.len);
	return sendto(kfd, data, len, flags, to, tolen);
}

static int
setup(void **state)
{
	static struct kernel table;

	table = kernel_libc;
	table.sendto = note_and_send;
	kernel = &table;
	profile_set(PROFILE_LINUX);
	return dtls_ends_start(state);
}

static int
teardown(void **state)
{
	kernel = &kernel_libc;
	return dtls_ends_stop(state);
}

static void
open_session(const struct row *r)
{
	socklen_t len = sizeof(own);

	server = dtls_ends_server(&addr);
	client = dtls_ends_client(r->psk);
	assert_int_equal(call_setsockopt(client, TLS_LEVEL,
	                     TLS_NAME_CIPHERSUITE_LIST, &r->suite,
	                     sizeof(r->suite)),
	    0);
	dtls_ends_nonblock(client);
	dtls_ends_nonblock(server);
	assert_int_equal(dtls_ends_connect(client, &addr), -EINPROGRESS);
	assert_true(dtls_ends_finish(client, server));
	assert_int_equal(call_getsockname(client, (struct sockaddr *)&own,
	                     &len),
	    0);
}

/* Both ways. */
static void
talk(void)
{
	char buf[8];

	assert_int_equal(dtls_ends_send(client, "ping", 4), 4);
	assert_int_equal(dtls_ends_recv(server, buf, sizeof(buf), 0), 4);
	assert_memory_equal(buf, "ping", 4);
	assert_int_equal(dtls_ends_send(server, "pong!", 5), 5);
	assert_int_equal(dtls_ends_recv(client, buf, sizeof(buf), 0), 5);
	assert_memory_equal(buf, "pong!", 5);
}

static void
close_session(void)
{
	talk();
	assert_int_equal(call_close(client), 0);
	assert_int_equal(call_close(server), 0);
}

/* Either end gets it, as if it were from the other. */
static void
deliver(const struct datagram *d)
{
	char buf[sizeof(d->data)];

	assert_int_equal(send(loop_kfd(client), d->data, d->len, 0), d->len);
	assert_int_equal(dtls_ends_recv(server, buf, sizeof(buf), 0), -EAGAIN);
	assert_int_equal(sendto(loop_kfd(server), d->data, d->len, 0,
	                     (struct sockaddr *)&own, sizeof(own)),
	    d->len);
	assert_int_equal(dtls_ends_recv(client, buf, sizeof(buf), 0), -EAGAIN);
	assert_int_equal(dtls_ends_sessions(client), 1);
	assert_int_equal(dtls_ends_sessions(server), 1);
}

/* Not one that was seen before. */
static void
number(struct datagram *d, size_t n)
{
	d->data[9] = (uint8_t)(n >> 8);
	d->data[10] = (uint8_t)n;
}

static void
a_changed_record_is_passed_over(void **state)
{
	struct datagram record, d;

	open_session(*state);
	talk();
	assert_int_equal(dtls_ends_send(client, "0123456789", 10), 10);
	assert_int_equal(dtls_ends_recv(server, d.data, sizeof(d.data), 0), 10);
	record = last;
	for (size_t bit = 0; bit < record.len * 8; bit++) {
		d = record;
		number(&d, bit + 32);
		d.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		deliver(&d);
	}
	close_session();
}

/* Of each type and length, by itself and in front of others. */
static void
a_forged_record_is_passed_over(void **state)
{
	struct datagram d;
	size_t n = 32;

	open_session(*state);
	talk();
	for (int type = 19; type <= 26; type++) {
		for (size_t len = 0; len <= 90; len++) {
			memset(d.data, (int)len, sizeof(d.data));
			memcpy(d.data, "t\376\375\0\1\0\0\0\0\0\0\0\0", HEADER);
			d.data[0] = (uint8_t)type;
			d.data[12] = (uint8_t)len;
			number(&d, n++);
			d.len = HEADER + len;
			deliver(&d);
			d.len = sizeof(d.data);
			number(&d, n++);
			deliver(&d);
		}
	}
	close_session();
}

/* What comes behind a good one does not take that with it. */
static void
a_record_in_front_of_a_forged_one_is_read(void **state)
{
	struct datagram d;
	char buf[16];

	open_session(*state);
	talk();
	for (size_t len = 0; len <= 90; len++) {
		assert_int_equal(dtls_ends_send(client, "0123456789", 10), 10);
		d = last;
		/* The first copy is the forged one's neighbour. */
		assert_int_equal(recv(loop_kfd(server), buf, 1, 0), 1);
		memset(d.data + d.len, 0, sizeof(d.data) - d.len);
		memcpy(d.data + d.len, d.data, HEADER);
		d.data[d.len + 8] = 1; /* its number is far away */
		d.data[d.len + 10] = (uint8_t)len;
		d.data[d.len + 11] = 0;
		d.data[d.len + 12] = (uint8_t)len;
		d.len += HEADER + len;
		assert_int_equal(send(loop_kfd(client), d.data, d.len, 0),
		    d.len);
		assert_int_equal(dtls_ends_recv(server, buf, sizeof(buf), 0),
		    10);
		assert_memory_equal(buf, "0123456789", 10);
		assert_int_equal(dtls_ends_recv(server, buf, sizeof(buf), 0),
		    -EAGAIN);
	}
	close_session();
}

static const CMUnitTestFunction trials[] = { a_changed_record_is_passed_over,
	a_forged_record_is_passed_over,
	a_record_in_front_of_a_forged_one_is_read };
static const char *const words[] = { "changed", "forged", "behind" };

int
main(void)
{
	struct CMUnitTest tests[LEN(rows) * LEN(trials)];
	char names[LEN(tests)][60];
	size_t n = 0;

	for (size_t i = 0; i < LEN(rows); i++) {
		for (size_t j = 0; j < LEN(trials); j++, n++) {
			snprintf(names[n], sizeof(names[n]), "%s: %s",
			    rows[i].name, words[j]);
			tests[n] = (struct CMUnitTest){ .name = names[n],
				.test_func = trials[j],
				.initial_state = (void *)&rows[i] };
		}
	}
	return cmocka_run_group_tests_name("sock/dtls_forged", tests, setup,
	    teardown);
}
