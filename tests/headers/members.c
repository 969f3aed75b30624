/*
 * A struct may have members, and a function parameters, with the names of the
 * POSIX functions, also with those names in use and headers in any order.
 */
struct transport {
	int (*connect)(int fd);
	long (*send)(int fd, const void *buf, unsigned long len);
	int (*poll)(int fd, int ms);
	int (*close)(int fd);
	int read, write, select, bind, accept, socket, listen, shutdown;
};

#include <zephyr/net/socket.h>

struct later {
	int (*connect)(int fd);
	int (*poll)(int fd, int ms);
	int (*close)(int fd);
};

int use_members(struct transport *t, struct later *l, int close, int poll);

int
use_members(struct transport *t, struct later *l, int close, int poll)
{
	return t->connect(close) + (int)t->send(close, "", 1) +
	    t->poll(close, poll) + t->close(close) + t->read + t->write +
	    t->select + t->bind + t->accept + t->socket + t->listen +
	    t->shutdown + l->connect(close) + l->poll(close, poll) +
	    l->close(close);
}
