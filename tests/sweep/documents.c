#include "sweep/documents.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <zsock/options.h>

#include "base/err.h"
#include "sweep/ends.h"

enum kind { PLAIN = 1, SECURE = 2, ANY = 3 };

#define ERRORS_MAX 14

static const struct row {
	enum deed deed;
	enum kind kind;
	int errors[ERRORS_MAX];
} rows[] = {
	{ DEED_SOCKET, ANY, { ENFILE, ENOMEM } },
	{ DEED_PAIR, ANY, { ENFILE, ENOMEM } },
	{ DEED_EVENT, ANY, { ENFILE, ENOMEM } },
	{ DEED_CONNECT, PLAIN, { ETIMEDOUT, ECONNREFUSED, EINPROGRESS } },
	/*
	 * The last two are SO_ERROR's: of a stream that was reset after its
	 * end, and of a session that its server has ended.
	 */
	{ DEED_CONNECT, SECURE,
	    { ETIMEDOUT, ECONNREFUSED, ECONNABORTED, ECONNRESET, EAGAIN, ENOENT,
	        EINVAL, ENOMEM, EPIPE, ENOTCONN } },
	/* The older device refuses a peer that is gone again. */
	{ DEED_ACCEPT, PLAIN, { ENFILE, ENOMEM, EAGAIN, EINTR, ECONNABORTED } },
	{ DEED_ACCEPT, SECURE,
	    { ENFILE, ENOMEM, EAGAIN, EINTR, ECONNABORTED, ECONNRESET,
	        ETIMEDOUT, ENOENT, EINVAL } },
	{ DEED_OPTION, PLAIN, { ENOMEM } },
	{ DEED_OPTION, SECURE, { ENOMEM, EINVAL } },
	/* EPIPE is a socketpair's, and Linux's; ECONNREFUSED the kernel's, of a
	 * datagram. */
	{ DEED_SEND, PLAIN,
	    { ENOTCONN, ECONNRESET, ETIMEDOUT, ENOMEM, EPIPE, ECONNREFUSED } },
	{ DEED_SEND, SECURE,
	    { EAGAIN, ENOTCONN, ECONNABORTED, ETIMEDOUT, ENOMEM, ENOENT,
	        EINVAL } },
	{ DEED_RECV, PLAIN,
	    { ENOTCONN, ECONNRESET, ETIMEDOUT, EPIPE, ECONNREFUSED } },
	{ DEED_RECV, SECURE,
	    { EAGAIN, ENOTCONN, ECONNABORTED, EIO, ECONNRESET, ENOMEM, ENOENT,
	        EINVAL } },
	/* ETIMEDOUT is the scene's own word. */
	{ DEED_POLL, ANY, { ENOMEM, EINTR, ETIMEDOUT } },
	{ DEED_ADD, ANY, { ENOMEM } },
	{ DEED_LOAD, ANY, { ENOMEM } },
	{ DEED_SAVE, ANY, { ENOMEM } },
	{ DEED_CONTROL, ANY, { ENOMEM, EAGAIN, EMFILE } },
	{ DEED_ASK, ANY, { EPIPE, ENOMEM } },
	{ DEED_LOOKUP, ANY, { DNS_EAI_MEMORY, DNS_EAI_AGAIN } },
	{ DEED_HOSTS, ANY, { ENOMEM } },
	{ DEED_LIMIT, ANY, { ENOMEM } },
};

bool
documents_allow(enum deed deed, bool secure, int error)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];

		if (r->deed != deed ||
		    (r->kind & (secure ? SECURE : PLAIN)) == 0)
			continue;
		for (size_t j = 0; j < ERRORS_MAX; j++) {
			if (r->errors[j] != 0 && r->errors[j] == error)
				return true;
		}
	}
	return false;
}

/* Does the library promise a line for a failure of this call? */
static bool
promises_line(const struct scene_side *s)
{
	if (!s->secure || s->error == EAGAIN || s->error == EINTR ||
	    s->error == EPIPE)
		return false;
	return (s->failed == DEED_CONNECT && s->error != ECONNREFUSED &&
	           s->error != ENOTCONN) ||
	    (s->failed == DEED_ACCEPT && s->error != ENFILE) ||
	    (s->error != ENOTCONN &&
	        (s->failed == DEED_SEND || s->failed == DEED_RECV));
}

static char text[400];

static const char *
said(const struct scene_side *s, const char *what)
{
	snprintf(text, sizeof(text), "%s answers %s: %s", deed_names[s->failed],
	    err_name(s->error), what);
	return text;
}

static const char *
judge_side(const struct scene_side *s, int passes)
{
	if (s->wrong[0] != '\0')
		return s->wrong;
	if (s->failed == DEED_NONE)
		return NULL;
	if (passes != 0 && s->error == passes)
		return NULL; /* the kernel's own word */
	if (!documents_allow(s->failed, s->secure, s->error))
		return said(s, "which its header does not say");
	if (promises_line(s) && !s->told)
		return said(s, "without a line in the log");
	return NULL;
}

const char *
documents_judge(const struct scene_run *run, int side, int passes)
{
	const char *why = NULL;

	for (int i = 0; i < 2 && why == NULL; i++)
		why = judge_side(&run->sides[i], i == side ? passes : 0);
	return why;
}

const char *
documents_judge_good(const struct scene_run *run)
{
	const struct ends *e = run->scene->ends;
	const char *why = NULL;

	for (int i = 0; i < 2 && why == NULL; i++) {
		const struct scene_side *s = &run->sides[i];

		if (s->wrong[0] != '\0')
			why = s->wrong;
		else if (s->failed != DEED_NONE)
			why = said(s, "and nothing has failed");
		else if (e != NULL && s->received != run->sides[!i].sent)
			why = "not all that was sent was received";
	}
	return why;
}
