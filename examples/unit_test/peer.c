/*
 * The server is made of the same sockets as the client: both ends are in one
 * process, and each has the credentials of its own tags.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "peer.h"

static void
read_line(int sock, char *line, size_t size)
{
	size_t len = 0;

	while (len < size - 1 && zsock_recv(sock, line + len, 1, 0) == 1 &&
	    line[len] != '\n')
		len++;
	line[len] = '\0';
}

static void
serve_one(struct peer *p, int sock, const struct peer_step *step)
{
	char rest;

	read_line(sock, p->last, sizeof(p->last));
	if (step->answer != NULL)
		(void)zsock_send(sock, step->answer, strlen(step->answer),
		    0); /* the client may be gone: that is its affair */
	while (step->stall && zsock_recv(sock, &rest, 1, 0) > 0)
		;
	zsock_close(sock);
}

static void *
serve(void *arg)
{
	struct peer *p = arg;

	for (size_t i = 0; i < p->n; i++) {
		const int sock = zsock_accept(p->listener, NULL, NULL);

		if (sock < 0 && (errno == EINTR || errno == EBADF))
			break; /* peer_stop has closed the listener */
		if (sock < 0)
			continue; /* the handshake failed: it is part of accept */
		p->handshakes++;
		serve_one(p, sock, &p->steps[i]);
	}
	return NULL;
}

uint16_t
peer_start(struct peer *p, sec_tag_t tag, const struct peer_step *steps,
    size_t n)
{
	struct net_sockaddr_in addr = { .sin_family = NET_AF_INET };
	net_socklen_t len = sizeof(addr);

	*p = (struct peer){ .steps = steps, .n = n };
	assert_int_equal(zsock_inet_pton(NET_AF_INET, "127.0.0.1",
	                     &addr.sin_addr),
	    1);
	p->listener =
	    zsock_socket(NET_AF_INET, NET_SOCK_STREAM, NET_IPPROTO_TLS_1_2);
	assert_true(p->listener >= 0);
	assert_int_equal(zsock_setsockopt(p->listener, ZSOCK_SOL_TLS,
	                     ZSOCK_TLS_SEC_TAG_LIST, &tag, sizeof(tag)),
	    0);
	assert_int_equal(zsock_bind(p->listener, (struct net_sockaddr *)&addr,
	                     len),
	    0);
	assert_int_equal(zsock_listen(p->listener, 1), 0);
	assert_int_equal(zsock_getsockname(p->listener,
	                     (struct net_sockaddr *)&addr, &len),
	    0);
	assert_int_equal(pthread_create(&p->thread, NULL, serve, p), 0);
	return net_ntohs(addr.sin_port);
}

void
peer_stop(struct peer *p)
{
	zsock_close(p->listener); /* and accept comes back */
	pthread_join(p->thread, NULL);
}
