/*
 * Ciphertext from a stranger into the engine.  The first byte of the input
 * chooses the role and whether a handshake with an honest peer comes first;
 * the rest is fed in slices whose length its bits choose, too.
 */
#include "support/test.h"

#include <errno.h>
#include <string.h>

#include "support/pair.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct pair pair;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	pair_init(&pair, "localhost", 65536);
	return 0;
}

static size_t
feed(struct tls_engine *e, const uint8_t *data, size_t size)
{
	void *room;
	const size_t space = tls_engine_input(e, &room);

	if (size > space)
		size = space;
	memcpy(room, data, size);
	tls_engine_input_done(e, size);
	return size;
}

/* Lets the engine do all it can, and throws away what it wants to send. */
static void
turn(struct tls_engine *e)
{
	const void *out;
	char buf[512];
	size_t n;

	(void)tls_engine_handshake(e);
	(void)tls_engine_readable(e);
	while (tls_engine_read(e, buf, sizeof(buf)) > 0)
		continue;
	(void)tls_engine_write(e, buf, 1);
	while ((n = tls_engine_output(e, &out)) > 0)
		tls_engine_output_done(e, n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tls_engine *e;
	struct verdict v;
	size_t slice, done = 1;
	int client, server;

	if (size < 1)
		return 0;
	pair_renew(&pair, 0);
	if (data[0] & 1)
		pair_handshake(&pair, &client, &server);
	e = data[0] & 2 ? pair.client : pair.server;
	slice = data[0] & 4 ? 7 : 4096;
	while (done < size && tls_engine_error(e) == 0) {
		done += feed(e, data + done,
		    size - done < slice ? size - done : slice);
		turn(e);
	}
	tls_engine_input_end(e);
	turn(e);
	if (tls_engine_error(e) != 0)
		tls_engine_explain(e, "peer", &v);
	return 0;
}
