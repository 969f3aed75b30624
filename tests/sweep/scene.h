#ifndef SWEEP_SCENE_H
#define SWEEP_SCENE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * A scene is what a program does, on one side or on two that meet.  It ends
 * early when a call fails, and closes what it has opened in any case.  No
 * assertion is made in it: what went wrong is written down.
 */

/* The calls whose results count. */
enum deed {
	DEED_NONE,
	DEED_SOCKET,
	DEED_PAIR,
	DEED_EVENT,
	DEED_BIND,
	DEED_LISTEN,
	DEED_CONNECT,
	DEED_ACCEPT,
	DEED_OPTION,
	DEED_NAME, /* getsockname, getpeername */
	DEED_SEND,
	DEED_RECV,
	DEED_POLL,
	DEED_SHUTDOWN,
	DEED_CLOSE,
	DEED_ADD, /* tls_credential_add and its like */
	DEED_LOAD,
	DEED_SAVE,
	DEED_CONTROL,
	DEED_ASK, /* of the control socket */
	DEED_LOOKUP,
	DEED_NAMEINFO,
	DEED_HOSTS,
	DEED_LIMIT,
	DEEDS
};

extern const char *const deed_names[DEEDS];

/* What one side came to. */
struct scene_side {
	enum deed failed; /* the first call that did */
	int error;
	bool secure; /* on a secure socket */
	bool told;   /* it has left a line, or its socket has */
	size_t sent, received;
	bool ended;      /* the other side's end was received */
	char wrong[160]; /* what may never be: the first of it */
};

struct scene;

struct scene_run {
	const struct scene *scene;
	struct scene_side sides[2];
	uint16_t port;
};

struct scene {
	const char *name;
	const char *profile;
	void (*left)(void *run);
	void (*right)(void *run); /* NULL: of one side */
	const struct ends *ends;  /* for scenes of one kind */
	void (*before)(void);     /* every run, and behind it; or NULL */
	void (*after)(void);
};

/* For a scene's own use: the side that runs. */
struct scene_side *scene_mine(struct scene_run *run);

/* rc is what a call on sock (-1: on none) answered, with errno; rc again. */
ssize_t scene_did(struct scene_run *run, enum deed deed, int sock, ssize_t rc);

/* Something is not as it must be. */
void scene_wrong(struct scene_run *run, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* close, which always succeeds. */
void scene_close(struct scene_run *run, int sock);

/* All scenes, until one without a name. */
extern const struct scene scenes_stream[], scenes_dgram[], scenes_local[],
    scenes_cred[], scenes_names[], scenes_options[];

/* Once before all of them, and behind. */
void scenes_start(void);
void scenes_stop(void);

/*
 * Runs it once, from a state that every run begins with.  What begin and end do
 * is neither counted nor does it fail; fresh: they forget what was parsed.
 */
void scene_begin(const struct scene *s, bool fresh);
void scene_run(const struct scene *s, struct scene_run *run);
void scene_end(const struct scene *s, bool fresh);

#endif
