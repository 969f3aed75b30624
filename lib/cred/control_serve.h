#ifndef CRED_CONTROL_SERVE_H
#define CRED_CONTROL_SERVE_H

#include <pthread.h>
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
	bool shared; /* its descriptors are in the program's table */
	struct control_kfd listener;
	struct control_client clients[CONTROL_CLIENTS];
	struct deadline pause; /* no client is accepted before */
};

/* The descriptor of a new listener; it is the server's from now on. */
void control_serve_listen(struct control_server *s, int kfd);

/*
 * Answers clients until the thread is cancelled, which it can be only while it
 * waits.  Returns 0 when the listener is gone, for a program may close
 * descriptors that it has not opened, or a negative errno if there is no way to
 * wait.
 */
int control_serve(struct control_server *s);

/*
 * Wipes and frees what the server has.  Its descriptors are closed if they are
 * in the caller's table, which they are if it is shared.
 */
void control_serve_end(struct control_server *s);

#endif
