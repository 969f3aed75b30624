#include "base/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/profile.h"

#define DIGITS "0123456789"
#define PORT_LEN_MAX 5

/* As strtol has it on a target: what is too large wraps. */
static unsigned char
octet(const char *text)
{
	return (unsigned char)strtol(text, NULL, 10);
}

static int
lax_v4(const char *text, unsigned char out[4])
{
	unsigned char octets[4] = { 0 };
	int n = 0;

	if (text[strspn(text, DIGITS ".")] != '\0')
		return -EINVAL;
	for (;;) {
		octets[n++] = octet(text);
		text += strspn(text, DIGITS);
		if (n == 4 || *text == '\0')
			break;
		text++;
	}
	if (n < 4)
		profile_hazard("an IPv4 address has fewer than four numbers",
		    "reads beyond the end of the text");
	memcpy(out, octets, sizeof(octets));
	return 0;
}

/* The IPv4 address at the end of an IPv6 one: here four numbers must be. */
static int
lax_tail(const char *text, unsigned char out[4])
{
	for (int i = 0; i < 4; i++) {
		if (*text == '\0')
			return -EINVAL;
		out[i] = octet(text);
		text = strchr(text, '.');
		if (text == NULL)
			return i == 3 ? 0 : -EINVAL;
		text++;
	}
	return 0;
}

/*
 * The groups from text to end, which a ':' follows unless it is the end of all.
 * After a gap ("::") the place of a group counts from the end; there may be
 * several gaps, and groups beyond the last are not looked at.
 */
static int
lax_groups(const char *text, const char *end, size_t want,
    unsigned char out[16])
{
	const bool tail = *end != '\0';
	size_t at = 0, left = 0;

	for (const char *p = text; p < end; p++)
		left += *p == ':';
	for (bool after_group = true; at < want; text++, left--) {
		if (text < end && *text != ':') {
			const long n = strtol(text, NULL, 16);

			out[2 * at] = (unsigned char)(n >> 8);
			out[2 * at + 1] = (unsigned char)n;
			at++;
			after_group = true;
		} else {
			/* "1:" has no gap, and no last group either. */
			if ((text == end && !tail && after_group) ||
			    left >= want)
				return -EINVAL;
			memset(out + 2 * at, 0, 2 * (want - at));
			at = want - left;
			after_group = false;
		}
		while (text < end && *text != ':')
			text++;
		if (text == end)
			break;
	}
	return at < want ? -EINVAL : 0;
}

static int
lax_v6(const char *text, unsigned char out[16])
{
	const char *end = text + strlen(text);
	size_t want = 8;

	if (text[strspn(text, DIGITS "abcdefABCDEF.:")] != '\0')
		return -EINVAL;
	if (*text == ':')
		text++;
	if (strchr(text, '.') != NULL) {
		end = strrchr(text, ':');
		if (end == NULL || lax_tail(end + 1, out + 12) < 0)
			return -EINVAL;
		want = 6;
	}
	return lax_groups(text, end, want, out);
}

int
address_pton(int family, const char *text, bool lax, void *addr)
{
	unsigned char out[sizeof(struct in6_addr)] = { 0 };
	int rc;

	if (family != AF_INET && family != AF_INET6)
		return -EAFNOSUPPORT;
	if (!lax)
		rc = inet_pton(family, text, out) == 1 ? 0 : -EINVAL;
	else if (family == AF_INET)
		rc = lax_v4(text, out);
	else
		rc = lax_v6(text, out);
	if (rc == 0)
		memcpy(addr, out,
		    family == AF_INET ? sizeof(struct in_addr) : sizeof(out));
	return rc;
}

bool
address_port(const char *text, uint16_t *port)
{
	const size_t len = strspn(text, DIGITS);
	long n;

	if (len == 0 || text[len] != '\0')
		return false;
	text += strspn(text, "0");
	if (strlen(text) > PORT_LEN_MAX)
		return false;
	n = strtol(text, NULL, 10);
	if (n > UINT16_MAX)
		return false;
	*port = htons((uint16_t)n);
	return true;
}

/* Splits "[address]" and "[address]:port"; text is changed. */
static bool
split_brackets(char *text, char **port)
{
	char *end = strchr(text, ']');

	if (end == NULL || (end[1] != '\0' && end[1] != ':'))
		return false;
	*port = end[1] == ':' ? end + 2 : NULL;
	*end = '\0';
	return true;
}

bool
address_parse(const char *text, size_t len, bool lax, struct address *a)
{
	struct address found = { .family = AF_INET };
	char copy[INET6_ADDRSTRLEN + sizeof("[]:65535")];
	char *host = copy, *port = NULL;

	len = strnlen(text, len);
	if (len == 0 || len >= sizeof(copy))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (*copy == '[') {
		host++;
		found.family = AF_INET6;
		if (!split_brackets(host, &port))
			return false;
	} else if (strchr(copy, ':') != NULL) {
		port = strchr(copy, ':');
		if (port != strrchr(copy, ':')) {
			found.family = AF_INET6;
			port = NULL;
		} else {
			*port++ = '\0';
		}
	}
	found.has_port = port != NULL;
	if (port != NULL && !address_port(port, &found.port))
		return false;
	if (address_pton(found.family, host, lax, &found.v6) < 0)
		return false;
	*a = found;
	return true;
}

socklen_t
address_store(const struct address *a, uint16_t port,
    struct sockaddr_storage *out)
{
	struct sockaddr_in *in = (struct sockaddr_in *)out;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof(*out));
	out->ss_family = (sa_family_t)a->family;
	if (a->family == AF_INET) {
		in->sin_port = port;
		in->sin_addr = a->v4;
		return sizeof(*in);
	}
	in6->sin6_port = port;
	in6->sin6_addr = a->v6;
	return sizeof(*in6);
}

bool
address_load(const struct sockaddr *addr, struct address *a)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)addr;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)addr;

	if (addr->sa_family == AF_INET)
		*a = (struct address){ .family = AF_INET,
			.v4 = in->sin_addr,
			.has_port = true,
			.port = in->sin_port };
	else if (addr->sa_family == AF_INET6)
		*a = (struct address){ .family = AF_INET6,
			.v6 = in6->sin6_addr,
			.has_port = true,
			.port = in6->sin6_port };
	else
		return false;
	return true;
}

void
address_text(const struct sockaddr *addr, char text[ADDRESS_TEXT_SIZE])
{
	char host[INET6_ADDRSTRLEN];
	struct address a;

	if (!address_load(addr, &a)) {
		snprintf(text, ADDRESS_TEXT_SIZE, "another family's address");
		return;
	}
	inet_ntop(a.family, &a.v6, host, sizeof(host));
	snprintf(text, ADDRESS_TEXT_SIZE,
	    a.family == AF_INET6 ? "[%s]:%d" : "%s:%d", host, ntohs(a.port));
}

bool
address_equal(const struct address *a, const struct address *b)
{
	return a->family == b->family &&
	    memcmp(&a->v6, &b->v6,
	        a->family == AF_INET ? sizeof(a->v4) : sizeof(a->v6)) == 0;
}
