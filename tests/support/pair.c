#include "support/test.h"

#include "support/pair.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct tls_engine *
make(const struct tls_settings *settings, enum tls_role role, int min_version)
{
	struct tls_engine *e = NULL;
	struct tls_context *ctx = NULL;
	struct verdict why = { "" };

	if (tls_context_get(settings->tags, settings->ntags, &ctx, &why) != 0 ||
	    tls_engine_new(ctx, settings, role, min_version, "a peer", &e,
	        &why) != 0)
		fail_msg("%s", why.text);
	tls_context_put(ctx);
	return e;
}

void
pair_renew(struct pair *p, int min_version)
{
	tls_engine_free(p->client);
	tls_engine_free(p->server);
	if (min_version == 0)
		min_version = TLS1_2_VERSION;
	p->client = make(&p->client_settings, TLS_ROLE_CLIENT, min_version);
	p->server = make(&p->server_settings, TLS_ROLE_SERVER, min_version);
}

void
pair_init(struct pair *p, const char *hostname, size_t slice)
{
	*p = (struct pair){ .slice = slice };
	pki_init(&p->pki, PKI_EC);
	pki_store_ca(1, &p->pki.ca);
	pki_store_identity(2, &p->pki.server);
	tls_settings_init(&p->client_settings);
	tls_settings_init(&p->server_settings);
	assert_int_equal(tls_settings_set_tags(&p->client_settings, &(int){ 1 },
	                     1),
	    0);
	assert_int_equal(tls_settings_set_tags(&p->server_settings, &(int){ 2 },
	                     1),
	    0);
	assert_int_equal(tls_settings_set_hostname(&p->client_settings,
	                     hostname),
	    0);
	pair_renew(p, TLS1_2_VERSION);
}

void
pair_fini(struct pair *p)
{
	tls_engine_free(p->client);
	tls_engine_free(p->server);
	tls_settings_fini(&p->client_settings);
	tls_settings_fini(&p->server_settings);
	pki_forget(1);
	pki_forget(2);
	pki_fini(&p->pki);
}

size_t
pair_carry(const struct pair *p, struct tls_engine *from, struct tls_engine *to)
{
	const void *data;
	void *room;
	size_t n = tls_engine_output(from, &data);
	const size_t space = tls_engine_input(to, &room);

	if (n > p->slice)
		n = p->slice;
	if (n > space)
		n = space;
	if (n > 0) {
		memcpy(room, data, n);
		tls_engine_input_done(to, n);
		tls_engine_output_done(from, n);
	}
	return n;
}

static bool
over(int rc)
{
	return rc != -EAGAIN && rc != -ENOBUFS;
}

void
pair_handshake(struct pair *p, int *client_rc, int *server_rc)
{
	size_t moved;

	do {
		*client_rc = tls_engine_handshake(p->client);
		*server_rc = tls_engine_handshake(p->server);
		moved = pair_carry(p, p->client, p->server) +
		    pair_carry(p, p->server, p->client);
	} while (moved > 0 || !over(*client_rc) || !over(*server_rc));
}

void
pair_transfer(struct pair *p, struct tls_engine *from, struct tls_engine *to,
    const unsigned char *data, size_t len)
{
	unsigned char *got = malloc(len + 1);
	size_t sent = 0, received = 0;
	ssize_t n;

	assert_non_null(got);
	while (received < len) {
		if (sent < len) {
			n = tls_engine_write(from, data + sent, len - sent);
			assert_true(n > 0 || n == -ENOBUFS);
			sent += n > 0 ? (size_t)n : 0;
		}
		(void)pair_carry(p, from, to);
		n = tls_engine_read(to, got + received, len + 1 - received);
		assert_true(n > 0 || n == -EAGAIN);
		received += n > 0 ? (size_t)n : 0;
	}
	assert_int_equal(received, len);
	assert_memory_equal(got, data, len);
	free(got);
}
