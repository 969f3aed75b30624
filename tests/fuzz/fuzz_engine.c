/*
 * What a stranger can do to the engine.  The first byte of the input says
 * which engine meets it, and how:
 *   1  the client's, else the server's
 *   2  after a complete handshake with an honest peer
 *   4  in slices of 7 bytes
 *   8  TLS 1.2, else 1.3
 *   16 the rest are changes to what the honest peer sends, byte by byte
 *   32 the rest are data that the honest peer encrypts
 *   64 pre-shared keys, else certificates
 *   128 the server wants a certificate of the client
 */
#include "support/test.h"

#include <errno.h>
#include <string.h>

#include "cred/store.h"
#include "support/pair.h"

#define PSK_TAG 3

enum mode {
	CLIENT = 1,
	ESTABLISHED = 2,
	SLICED = 4,
	OLDER = 8,
	CHANGED = 16,
	ENCRYPTED = 32,
	PSK = 64,
	MUTUAL = 128,
};

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct pair pair;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	pair_init(&pair, "localhost", 65536);
	assert_int_equal(store_add(PSK_TAG, CRED_PSK, "a secret of ours", 16),
	    0);
	assert_int_equal(store_add(PSK_TAG, CRED_PSK_ID, "us", 2), 0);
	return 0;
}

/* Both ends as the mode wants them. */
static void
renew(int mode)
{
	const int psk = PSK_TAG, ca = 1, identity = 2;
	const int suites[] = { 0xc02b, 0x00a8, 0xc0a8 };
	const size_t n = mode & OLDER ? LEN(suites) : 0;

	assert_int_equal(tls_settings_set_tags(&pair.client_settings,
	                     mode & PSK ? &psk : &ca, 1),
	    0);
	assert_int_equal(tls_settings_set_tags(&pair.server_settings,
	                     mode & PSK ? &psk : &identity, 1),
	    0);
	assert_int_equal(tls_settings_set_suites(&pair.client_settings, suites,
	                     n),
	    0);
	assert_int_equal(tls_settings_set_verify(&pair.server_settings,
	                     mode & MUTUAL ? 1 : 0),
	    0);
	pair_renew(&pair, TLS1_2_VERSION);
}

static size_t
feed(struct tls_engine *e, const uint8_t *data, size_t size)
{
	void *room;
	const size_t space = tls_engine_input(e, &room);

	if (size > space)
		size = space;
	if (size > 0)
		memcpy(room, data, size);
	tls_engine_input_done(e, size);
	return size;
}

/* Lets the engine do all it can. */
static void
run(struct tls_engine *e)
{
	char buf[512];

	(void)tls_engine_handshake(e);
	(void)tls_engine_readable(e);
	while (tls_engine_read(e, buf, sizeof(buf)) > 0)
		continue;
	tls_engine_rest(e);
}

static void
drop_output(struct tls_engine *e)
{
	const void *out;
	size_t n;

	(void)tls_engine_write(e, "x", 1);
	while ((n = tls_engine_output(e, &out)) > 0)
		tls_engine_output_done(e, n);
}

/* The input as it is. */
static void
meet_stranger(struct tls_engine *e, const uint8_t *data, size_t size,
    size_t slice)
{
	size_t done = 0;

	while (done < size && tls_engine_error(e) == 0) {
		done += feed(e, data + done,
		    size - done < slice ? size - done : slice);
		run(e);
		drop_output(e);
	}
}

/* An honest peer, whose bytes are changed on the way while input is left. */
static void
meet_changed(struct tls_engine *e, struct tls_engine *peer, const uint8_t *data,
    size_t size, size_t slice)
{
	uint8_t changed[4096];
	const void *out;
	size_t done = 0, n;

	for (int still = 0; still < 2 && tls_engine_error(e) == 0; still++) {
		run(e);
		if ((n = tls_engine_output(e, &out)) > 0) {
			tls_engine_output_done(e, feed(peer, out, n));
			still = -1;
		}
		run(peer);
		n = tls_engine_output(peer, &out);
		if (n == 0)
			continue;
		if (n > slice)
			n = slice;
		memcpy(changed, out, n);
		for (size_t i = 0; i < n && done < size; i++)
			changed[i] ^= data[done++];
		n = feed(e, changed, n);
		tls_engine_output_done(peer, n);
		still = n > 0 ? -1 : still;
	}
}

/* Good records, with anything in them. */
static void
meet_data(struct tls_engine *e, struct tls_engine *peer, const uint8_t *data,
    size_t size, size_t slice)
{
	size_t done = 0;
	const void *out;
	size_t n;

	while (done < size) {
		const ssize_t sent = tls_engine_write(peer, data + done,
		    size - done < slice ? size - done : slice);

		if (sent <= 0)
			break;
		done += (size_t)sent;
		while ((n = tls_engine_output(peer, &out)) > 0) {
			n = feed(e, out, n < slice ? n : slice);
			tls_engine_output_done(peer, n);
			run(e);
		}
	}
	assert_int_equal(tls_engine_error(e), 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tls_engine *e, *peer;
	struct verdict v;
	size_t slice;
	int mode, client, server;

	if (size < 1)
		return 0;
	mode = data[0];
	renew(mode);
	e = mode & CLIENT ? pair.client : pair.server;
	peer = mode & CLIENT ? pair.server : pair.client;
	slice = mode & SLICED ? 7 : 4096;
	if (mode & (ESTABLISHED | ENCRYPTED))
		pair_handshake(&pair, &client, &server);
	if (mode & ENCRYPTED)
		meet_data(e, peer, data + 1, size - 1, slice);
	else if (mode & CHANGED)
		meet_changed(e, peer, data + 1, size - 1, slice);
	else
		meet_stranger(e, data + 1, size - 1, slice);
	tls_engine_input_end(e, 0);
	run(e);
	if (tls_engine_error(e) != 0)
		tls_engine_explain(e, "peer", &v);
	return 0;
}
