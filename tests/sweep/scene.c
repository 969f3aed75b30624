#include "sweep/scene.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include <zephyr/net/socket.h>
#include <zsock/zsock.h>

#include "base/config.h"
#include "base/err.h"
#include "base/log.h"
#include "base/profile.h"
#include "cred/store.h"
#include "support/pki.h"
#include "sweep/ends.h"
#include "sweep/heap.h"
#include "sweep/turns.h"
#include "tls/context.h"
#include "tls/session.h"

const char *const deed_names[DEEDS] = { "nothing", "socket", "socketpair",
	"eventfd", "bind", "listen", "connect", "accept", "setsockopt",
	"getsockname", "send", "recv", "poll", "shutdown", "close",
	"tls_credential_add", "zsock_cred_load", "a save", "zsock_ctl_start",
	"a request", "getaddrinfo", "getnameinfo", "zsock_hosts_add",
	"zsock_init" };

static struct pki pki;
static struct pki_cert client_cert;

/* Of the run whose side this thread is. */
static _Thread_local struct scene_run *current;

static void
hear(const char *line, size_t len)
{
	(void)line;
	(void)len;
	if (current != NULL)
		current->sides[turns_side()].told = true;
}

struct scene_side *
scene_mine(struct scene_run *run)
{
	return &run->sides[turns_side()];
}

void
scene_wrong(struct scene_run *run, const char *fmt, ...)
{
	struct scene_side *s = scene_mine(run);
	va_list ap;

	if (s->wrong[0] != '\0')
		return;
	va_start(ap, fmt);
	(void)vsnprintf(s->wrong, sizeof(s->wrong), fmt, ap);
	va_end(ap);
}

ssize_t
scene_did(struct scene_run *run, enum deed deed, int sock, ssize_t rc)
{
	struct scene_side *s = scene_mine(run);
	const int error = errno;
	char text[8];

	if (rc >= 0 || s->failed != DEED_NONE)
		return rc;
	s->failed = deed;
	s->error = error;
	if (sock >= 0 && zsock_error_text(sock, text, sizeof(text)) > 0)
		s->told = true;
	errno = error;
	return rc;
}

void
scene_close(struct scene_run *run, int sock)
{
	if (sock >= 0 && zsock_close(sock) != 0)
		scene_wrong(run, "close answers %s", err_name(errno));
}

void
scenes_start(void)
{
	setenv("ZSOCK_LOG", "warn", 1);
	config_reload();
	pki_init(&pki, PKI_EC);
	pki_make(&client_cert, &pki.ca,
	    &(struct pki_spec){ .name = "a client", .eku = "clientAuth" });
	pki_store_ca(ENDS_CA, &pki.ca);
	pki_store_identity(ENDS_SERVER, &pki.server);
	pki_store_identity(ENDS_CLIENT, &client_cert);
	if (store_add(ENDS_PSK, CRED_PSK, "a secret of ours", 16) < 0 ||
	    store_add(ENDS_PSK, CRED_PSK_ID, "us", 2) < 0)
		abort();
}

/* What was parsed of credentials, and every session, is not there any more. */
static void
forget_contexts(void)
{
	for (int tag = ENDS_CA; tag <= ENDS_PSK; tag++) {
		for (int type = CRED_CA_CERTIFICATE; type <= CRED_PSK_ID;
		     type++)
			tls_context_forget(tag, type);
	}
}

void
scenes_stop(void)
{
	forget_contexts();
	for (int tag = ENDS_CA; tag <= ENDS_PSK; tag++)
		pki_forget(tag);
	pki_free(&client_cert);
	pki_fini(&pki);
}

static void
run_side(void *arg)
{
	struct scene_run *run = arg;

	current = run;
	log_divert(hear);
	if (turns_side() == 0)
		run->scene->left(run);
	else if (run->scene->right != NULL)
		run->scene->right(run);
	log_divert(NULL);
	current = NULL;
	ERR_clear_error(); /* what is in the thread's queue is memory, too */
}

void
scene_run(const struct scene *s, struct scene_run *run)
{
	*run = (struct scene_run){ .scene = s };
	if (s->right != NULL)
		turns_run(run_side, run_side, run);
	else
		run_side(run);
}

void
scene_begin(const struct scene *s, bool fresh)
{
	const int profile = profile_parse(s->profile);

	if (profile < 0)
		abort();
	profile_set((enum profile)profile);
	heap_ignore(true);
	if (fresh)
		forget_contexts();
	if (s->before != NULL)
		s->before();
	heap_ignore(false);
}

void
scene_end(const struct scene *s, bool fresh)
{
	heap_ignore(true);
	if (s->after != NULL)
		s->after();
	if (fresh)
		forget_contexts();
	heap_ignore(false);
}
