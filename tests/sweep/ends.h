#ifndef SWEEP_ENDS_H
#define SWEEP_ENDS_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sweep/scene.h"

/* What is stored in every scene. */
#define ENDS_CA 1
#define ENDS_SERVER 2
#define ENDS_CLIENT 3
#define ENDS_PSK 4

/* The options of one socket; what is 0 is not set. */
struct end {
	int tags[2];
	int ntags;
	const char *hostname;
	int suite;
	int verify;
	const char *protocol; /* ALPN */
	bool cache;
};

/* Two that meet, and what goes there and back. */
struct ends {
	int type, proto;
	struct end server, client;
	size_t bytes;  /* each way, in one message each if it is a datagram */
	bool nonblock; /* both wait in poll */
	bool forks;    /* the client, whose child closes its copy */
	int times;     /* connections, one after the other; 0: one */
};

/* A socket with the options of end, or -1. */
int ends_open(struct scene_run *run, const struct ends *e,
    const struct end *end);

/* bind to a port of loopback, which is then in run; 0 or -1. */
int ends_bind(struct scene_run *run, int sock);
int ends_connect(struct scene_run *run, int sock);

/*
 * What one side sends, from the at-th byte, and what the other must receive.
 * All of them, again after EINTR and EAGAIN; 0 or -1.
 */
int ends_send(struct scene_run *run, int sock, size_t len);
int ends_recv(struct scene_run *run, int sock, size_t len);

/* The same of one datagram; from and to may be NULL. */
int ends_send_to(struct scene_run *run, int sock, size_t len,
    const struct sockaddr_in *to);
int ends_recv_from(struct scene_run *run, int sock, size_t len,
    struct sockaddr_in *from);

/* The end of the other's stream: 0, or -1. */
int ends_recv_end(struct scene_run *run, int sock);

/* Waits for events; 0 or -1. */
int ends_wait(struct scene_run *run, int sock, short events);

/* Is it worth another try, after waiting for events if it would have waited? */
bool ends_again(struct scene_run *run, int sock, short events, int *tries);

/* The nth byte of what a side sends, 0 or 1. */
unsigned char ends_byte(int side, size_t n);

#endif
