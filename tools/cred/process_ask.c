#include "process_ask.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cred/types.h"
#include "process_find.h"
#include "say.h"

#define RETRY_MS 20

int
process_lost(const struct process *p, int rc)
{
	switch (-rc) {
	case ETIMEDOUT:
		return say(ENDED,
		    "%s: no answer within %g s: the process is stopped or "
		    "busy; --timeout S waits longer",
		    p->typed, place_timeout_ms / 1000.0);
	case ECONNRESET:
		return say(ENDED,
		    "%s: the process has ended, or hung up, before it answered",
		    p->typed);
	case ECONNREFUSED:
	case ENOENT:
		return say(ABSENT, "%s: the process has ended", p->typed);
	case EPROTO:
		return say(ENDED,
		    "%s: what it answers is not this protocol: it is no "
		    "control socket of zsock's",
		    p->typed);
	case EPROTONOSUPPORT:
		return say(ENDED,
		    "%s: the process speaks another version of the protocol, "
		    "and this tool version %d: take the tool that came with "
		    "its library",
		    p->typed, WIRE_VERSION);
	case EFBIG:
		return say(LIMIT,
		    "%s: the changes are too long for one request, %zu bytes: "
		    "make them in several",
		    p->typed, WIRE_LEN_MAX);
	default:
		return say(outcome_of(rc), "%s: %s", p->typed, strerror(-rc));
	}
}

/* Nothing is sent to, or believed of, another user's process. */
static int
check_peer(struct process *p)
{
	if (crowd_trusts(p->link.uid) || (p->elsewhere && geteuid() == 0))
		return DONE;
	return say(REFUSED,
	    "%s: the process behind %s/%s is uid %ju's, and not yours: nothing "
	    "was sent to it",
	    p->typed, p->dir, p->name, (uintmax_t)p->link.uid);
}

static int
connect_once(struct process *p, const struct control_dir *d,
    struct deadline until, int *rc)
{
	int said;

	*rc = link_connect(&p->link, d, p->name, until);
	if (*rc < 0)
		return DONE;
	said = check_peer(p);
	if (said == DONE)
		*rc = link_greet(&p->link, until);
	if (said == DONE && *rc == 0)
		*rc = link_greeted(&p->link, until, &p->self);
	if (said != DONE || *rc < 0)
		link_close(&p->link);
	return said;
}

int
process_connect(struct process *p, struct deadline until)
{
	struct control_dir d = { .path = p->dir };
	int said, rc;

	d.kfd = open(p->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d.kfd == -1)
		return say(outcome_of(-errno), "%s: %s: %s", p->typed, p->dir,
		    strerror(errno));
	said = connect_once(p, &d, until, &rc);
	/* See crowd_gather: that may be for a moment only. */
	while (
	    said == DONE && rc == -ECONNRESET && deadline_left_ms(until) > 0) {
		(void)poll(NULL, 0, RETRY_MS);
		said = connect_once(p, &d, until, &rc);
	}
	close(d.kfd);
	if (said == DONE && rc < 0)
		said = process_lost(p, rc);
	return said;
}

/* It is the same process, or there is none to go on with. */
static int
connect_again(struct process *p, struct deadline until)
{
	const int pid = p->self.pid;
	int rc;

	link_close(&p->link);
	rc = process_connect(p, until);
	if (rc == DONE && p->self.pid != pid)
		rc = process_lost(p, -ECONNRESET);
	return rc;
}

int
process_begin(struct process *p, struct wire_frame *w, enum wire_type type)
{
	int rc = DONE;

	if (link_is_over(&p->link))
		rc = connect_again(p, deadline_in_ms(place_timeout_ms));
	if (rc == DONE)
		link_begin(&p->link, w, type);
	return rc;
}

int
process_send(struct process *p, struct wire_frame *w, struct deadline until)
{
	const int rc = link_send(&p->link, w, until);

	return rc < 0 ? process_lost(p, rc) : DONE;
}

static int
error_of(const struct link *l)
{
	uint32_t error = 0;
	const struct wire_want want = { WIRE_ERRNO, &error, NULL, NULL };

	return wire_pick(&l->in, &want, 1) && error > 0 && error < 4096
	    ? (int)error
	    : EPROTO;
}

int
process_next(struct process *p, struct deadline until,
    const enum wire_type types[2], int *error)
{
	const int rc = link_receive(&p->link, until);
	const uint8_t type = p->link.in.head.type;

	*error = 0;
	if (rc < 0)
		return process_lost(p, rc);
	if (type == WIRE_ERROR)
		*error = error_of(&p->link);
	else if (type != types[0] && type != types[1])
		return process_lost(p, -EPROTO);
	return DONE;
}

static enum outcome
outcome_of_error(int error)
{
	switch (error) {
	case ENOMEM: /* of the process: its limit */
		return LIMIT;
	case ENOSYS:
	case EOPNOTSUPP:
		return ENDED;
	default:
		return outcome_of(-error);
	}
}

int
process_refused(const struct process *p, int error, const char *what,
    const struct cred_op *ops, size_t n)
{
	char text[256] = "", pair[64] = "";
	uint32_t index = UINT32_MAX;
	struct wire_field why = { .len = 0 };
	const struct wire_want wants[] = {
		{ WIRE_TEXT, NULL, NULL, &why },
		{ WIRE_OP_INDEX, &index, NULL, NULL },
	};

	/* Without them as much is said as is known. */
	(void)wire_pick(&p->link.in, wants, 2);
	if (why.data != NULL)
		(void)wire_text(&why, text, sizeof(text));
	if (index < n)
		snprintf(pair, sizeof(pair), "%d %s: ", ops[index].tag,
		    cred_types_short(ops[index].type));
	if (error == EACCES)
		return say(REFUSED,
		    "%s: %s%s: the level of the process is %s, which forbids "
		    "it; start it with ZSOCK_CTL=%s",
		    p->typed, pair, what,
		    wire_level_name((uint32_t)p->self.level),
		    ops != NULL ? "load" : "full");
	return say(outcome_of_error(error), "%s: %s%s: %s", p->typed, pair,
	    what, text[0] != '\0' ? text : strerror(error));
}
