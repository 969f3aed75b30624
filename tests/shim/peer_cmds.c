/*
 * What the program under test tells the peer, a line each, and is answered
 * "ok ..." or "no ...":
 *
 *   mode echo|sink|speak|script|mute  of connections to come
 *   rcvbuf N                    their SO_RCVBUF
 *   take                        waits for the next one, and makes it the one
 *                               that all of the following is about
 *   on N                        ... or that with this number
 *   dial PORT                   makes a connection to the program;
 *   dialtcp PORT, shake         the same in two steps
 *   send N M                    N bytes of the pattern in records of M
 *   segs N K, seg               one record of N bytes; its next K-th part
 *   text WORDS                  the words and a newline
 *   read N                      reads N bytes, which are the pattern's
 *   get N                       reads N bytes, whichever they are
 *   echo, sink                  does so from now on, by itself
 *   notify, shutwr, close, reset
 *   unread                      bytes of the wire that the kernel holds
 *   state                       the facts so far
 *   end                         reads to the end, then the facts
 */
#include "peer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static struct link *
take(void)
{
	struct timespec until;
	struct link *l;
	int err = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 10;
	pthread_mutex_lock(&peer.lock);
	for (;;) {
		for (l = peer.links; l != NULL && l->number != peer.taken;)
			l = l->next;
		if ((l != NULL && l->settled) || err != 0)
			break;
		err = pthread_cond_timedwait(&peer.news, &peer.lock, &until);
	}
	if (err != 0)
		l = NULL;
	else
		peer.taken++;
	pthread_mutex_unlock(&peer.lock);
	return l;
}

/* n bytes that are the pattern's, if it must be so. */
static bool
read_n(struct link *l, uint64_t n, bool strict)
{
	char buf[16384];

	while (n > 0) {
		const size_t now =
		    link_read(l, buf, n < sizeof(buf) ? n : sizeof(buf));

		if (now == 0)
			return false;
		n -= now;
	}
	return !strict || l->strange == 0;
}

static bool
reset(struct link *l)
{
	const struct linger now = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(l->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(l->fd);
	l->fd = -1;
	return true;
}

/* What a script says of one connection; a and b are its numbers. */
static bool
tell(struct link *l, const char *verb, unsigned long a, unsigned long b)
{
	if (strcmp(verb, "send") == 0)
		return link_send(l, a, b);
	if (strcmp(verb, "segs") == 0)
		return link_hold(l, a, b);
	if (strcmp(verb, "seg") == 0)
		return link_piece(l);
	if (strcmp(verb, "read") == 0)
		return read_n(l, a, true);
	if (strcmp(verb, "get") == 0)
		return read_n(l, a, false);
	if (strcmp(verb, "notify") == 0)
		return l->ssl == NULL ? shutdown(l->fd, SHUT_WR) == 0
		                      : SSL_shutdown(l->ssl) >= 0;
	if (strcmp(verb, "shutwr") == 0)
		return shutdown(l->fd, SHUT_WR) == 0;
	if (strcmp(verb, "reset") == 0)
		return reset(l);
	if (strcmp(verb, "close") == 0) {
		close(l->fd);
		l->fd = -1;
		return true;
	}
	if (strcmp(verb, "shake") == 0)
		link_start(l);
	else if (strcmp(verb, "echo") == 0 || strcmp(verb, "sink") == 0)
		link_continue(l, *verb == 'e' ? MODE_ECHO : MODE_SINK);
	else
		return false;
	return true;
}

static enum peer_mode
read_mode(const char *text)
{
	static const char *const names[] = { "echo", "sink", "speak", "script",
		"mute" };
	size_t i = 0;

	while (i < 5 && strcmp(text, names[i]) != 0)
		i++;
	NEED(i < 5);
	return (enum peer_mode)i;
}

/* Those that are about no connection; false: it is none of them. */
static bool
answer_peer(const char *verb, const char *rest, char *answer, size_t size)
{
	const int n = atoi(rest);

	snprintf(answer, size, "ok");
	if (strcmp(verb, "mode") == 0) {
		peer.mode = read_mode(rest);
	} else if (strcmp(verb, "rcvbuf") == 0) {
		NEED(setsockopt(peer.listener, SOL_SOCKET, SO_RCVBUF, &n,
		         sizeof(n)) == 0);
	} else if (strcmp(verb, "take") == 0) {
		peer.now = take();
		if (peer.now == NULL || peer.now->failed)
			snprintf(answer, size, "no connection");
		else
			snprintf(answer, size, "ok %d", peer.now->number);
	} else if (strcmp(verb, "on") == 0) {
		peer.now = link_find(n);
	} else if (strncmp(verb, "dial", 4) == 0) {
		peer.now = peer_dial(n, strcmp(verb, "dialtcp") != 0);
		if (peer.now == NULL)
			snprintf(answer, size, "no %s", strerror(errno));
	} else {
		return false;
	}
	return true;
}

static void
answer_link(const char *verb, const char *rest, char *answer, size_t size)
{
	unsigned long a = 0, b = 0;
	struct link *l = peer.now;
	char facts[512];
	int n = 0;

	if (l == NULL) {
		snprintf(answer, size, "no connection is taken");
		return;
	}
	sscanf(rest, "%lu %lu", &a, &b);
	if (strcmp(verb, "end") == 0 && link_join(l, 10000))
		link_drain(l);
	link_say(l, facts, sizeof(facts));
	if (strcmp(verb, "end") == 0 || strcmp(verb, "state") == 0) {
		snprintf(answer, size, "ok %s", facts);
	} else if (strcmp(verb, "unread") == 0) {
		NEED(ioctl(l->fd, FIONREAD, &n) == 0);
		snprintf(answer, size, "ok %d", n);
	} else if (strcmp(verb, "text") == 0) {
		snprintf(facts, sizeof(facts), "%s\n", rest);
		snprintf(answer, size, "%s",
		    link_write(l, facts, strlen(facts)) ? "ok" : "no");
	} else if (tell(l, verb, a, b)) {
		snprintf(answer, size, "ok");
	} else {
		link_say(l, facts, sizeof(facts));
		snprintf(answer, size, "no %s %s: %s", verb, rest, facts);
	}
}

void
cmds_answer(char *line, char *answer, size_t size)
{
	char *rest = line + strcspn(line, " ");

	if (*rest != '\0')
		*rest++ = '\0';
	if (!answer_peer(line, rest, answer, size))
		answer_link(line, rest, answer, size);
}
