#ifndef CRED_CONTROL_SERVE_H
#define CRED_CONTROL_SERVE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/deadline.h"
#include "cred/control_answer.h"

#define CONTROL_CLIENTS 8

/* A descriptor, and what tells it from another of the same number. */
struct control_kfd {
	int kfd; /* -1: none */
	ino_t ino;
};

struct control_client {
	struct control_kfd sock;
	struct control_peer peer;
	struct wire_reader in;
	struct wire_frame out;
	size_t sent;           /* of out */
	struct deadline until; /* it has said, or taken, all of a frame */
};

/* What the thread serves.  Its lock guards all of it, but while it waits. */
struct control_server {
	pthread_mutex_t lock;
	struct control_self self;
	bool shared;        /* its descriptors are in the program's table */
	atomic_bool ending; /* without the lock */
	/* Given up when there is no descriptor left for a client. */
	int wake; /* readable when it is to end; -1: it looks by itself */
	int dir;  /* where its name is, or -1 */
	struct control_kfd listener;
	struct control_client clients[CONTROL_CLIENTS];
	struct deadline pause; /* no client is accepted before */
};

/* In the thread: a new listener, which is the server's from now on. */
void control_serve_listen(struct control_server *s, int kfd);

/*
 * Answers clients until it is to end: 1.  Returns 0 when the listener is gone,
 * for a program may close descriptors that it has not opened, or a negative
 * errno if there is no way to wait.
 */
int control_serve(struct control_server *s);

/* Has the thread end within a second, and mostly at once; does not wait. */
void control_serve_stop(struct control_server *s, pthread_t thread);

/*
 * Wipes and frees what the server has.  Its descriptors are closed if they are
 * in the caller's table, which they are if it is shared.
 */
void control_serve_end(struct control_server *s);

#endif
