#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* An internet address, and the port that stood beside it. */
struct address {
	int family; /* AF_INET or AF_INET6 */
	union {
		struct in_addr v4;
		struct in6_addr v6;
	};
	bool has_port;
	uint16_t port; /* network order; 0 unless has_port */
};

/*
 * Text as an address of that family, into a struct in_addr or in6_addr.  lax
 * reads as Zephyr 3.3 does: only the characters are looked at, numbers wrap,
 * and what is missing is 0, with a warning.
 *
 * Returns 0, or, with addr untouched
 *   -EINVAL        text is not such an address
 *   -EAFNOSUPPORT  the family is not an internet one
 */
int address_pton(int family, const char *text, bool lax, void *addr);

/*
 * "1.2.3.4", "fe80::1", "[fe80::1]", and "1.2.3.4:80", "[fe80::1]:80": the
 * first len bytes of text, or fewer if a NUL comes before.  A port is 0 to
 * 65535.  False, with *a untouched, for everything else.
 */
bool address_parse(const char *text, size_t len, bool lax, struct address *a);

/* The address as the kernel takes it, with this port, in network order. */
socklen_t address_store(const struct address *a, uint16_t port,
    struct sockaddr_storage *out);

/* The reverse.  False, with *a untouched, for a family that is not internet. */
bool address_load(const struct sockaddr *addr, struct address *a);

/* Room for what address_text writes, its NUL included. */
#define ADDRESS_TEXT_SIZE 56

/*
 * "1.2.3.4:80" or "[fe80::1]:80", for a line of the log; for a family that is
 * not internet "another family's address".
 */
void address_text(const struct sockaddr *addr, char text[ADDRESS_TEXT_SIZE]);

/* The same family and the same bytes, whatever the ports are. */
bool address_equal(const struct address *a, const struct address *b);

/* Decimal digits alone, 0 to 65535, in network order; false otherwise. */
bool address_port(const char *text, uint16_t *port);

#endif
