/* Addresses as text, and names; nothing here asks a name server. */
#include <stdio.h>

#include "script.h"

static unsigned char bytes[16];
static char text[INET6_ADDRSTRLEN];

static void
text_of_addresses(void)
{
	part("inet_ntop, inet_pton");
	POINT("", inet_ntop, (AF_INET, "\177\0\0\1", text, sizeof(text)));
	data("%s", text);
	POINT("", inet_ntop, (AF_INET6, &in6addr_loopback, text, sizeof(text)));
	data("%s", text);
	POINT("", inet_ntop, (AF_INET6, &in6addr_any, text, sizeof(text)));
	data("%s", text);
	POINT("", inet_ntop, (AF_INET, "\177\0\0\1", text, 9));
	POINT("", inet_ntop, (AF_INET, "\177\0\0\1", text, 0));
	POINT("", inet_ntop, (AF_UNIX, "\177\0\0\1", text, sizeof(text)));
	DO("", inet_pton, (AF_INET, "127.0.0.1", bytes));
	data("%d.%d.%d.%d", bytes[0], bytes[1], bytes[2], bytes[3]);
	DO("", inet_pton, (AF_INET6, "fe80::1", bytes));
	data("%x %x", bytes[0], bytes[15]);
	DO("", inet_pton, (AF_INET6, "::ffff:1.2.3.4", bytes));
	DO("", inet_pton, (AF_INET, "1.2.3", bytes));
	DO("", inet_pton, (AF_INET, "256.2.3.4", bytes));
	DO("", inet_pton, (AF_INET, "127.0.0.1a", bytes));
	DO("", inet_pton, (AF_INET, "", bytes));
	DO("", inet_pton, (AF_INET6, "1::2::3", bytes));
	DO("", inet_pton, (AF_INET6, "[::1]", bytes));
	DO("PTON_FAMILY", inet_pton, (AF_UNIX, "127.0.0.1", bytes));
}

static struct addrinfo *found;

static struct addrinfo **
answer(void)
{
	found = NULL;
	return &found;
}

/* The entries of the answer, and no more list. */
static void
entries(void)
{
	for (const struct addrinfo *ai = found; ai != NULL; ai = ai->ai_next)
		data("%s%s:%d %s", ai == found ? "" : ", ", host(ai->ai_addr),
		    ntohs(((struct sockaddr_in *)ai->ai_addr)->sin_port),
		    ai->ai_socktype == SOCK_STREAM      ? "stream"
		        : ai->ai_socktype == SOCK_DGRAM ? "dgram"
		                                        : "other");
	if (found != NULL)
		N(freeaddrinfo)(found);
	found = NULL;
}

static struct addrinfo hints;

static const struct addrinfo *
want(int family, int type, int flags)
{
	memset(&hints, 0, sizeof(hints));
	hints.ai_family = family;
	hints.ai_socktype = type;
	hints.ai_flags = flags;
	return &hints;
}

static void
resolved(void)
{
	const int stream = SOCK_STREAM, num = AI_NUMERICHOST;

	part("getaddrinfo");
	DO("", getaddrinfo,
	    ("127.0.0.1", "80", want(AF_INET, stream, 0), answer()));
	entries();
	DO("", getaddrinfo,
	    ("::1", "80", want(AF_INET6, stream, num), answer()));
	entries();
	DO("", getaddrinfo,
	    ("::1", NULL, want(AF_UNSPEC, SOCK_DGRAM, num), answer()));
	entries();
	DO("GAI_DEVICE", getaddrinfo, ("127.0.0.1", "80", NULL, answer()));
	entries();
	DO("GAI_DEVICE", getaddrinfo,
	    ("[::1]", "80", want(AF_UNSPEC, stream, num), answer()));
	entries();
	DO("GAI_DEVICE", getaddrinfo,
	    ("127.0.0.1:81", "80", want(AF_UNSPEC, stream, num), answer()));
	entries();
	DO("", getaddrinfo,
	    (NULL, "80", want(AF_INET, stream, AI_PASSIVE), answer()));
	entries();
	DO("GAI_DEVICE", getaddrinfo,
	    (NULL, "80", want(AF_INET, stream, 0), answer()));
	entries();
	DO("", getaddrinfo,
	    ("127.0.0.1", "65535", want(AF_INET, stream, num), answer()));
	entries();
	DO("GAI_DEVICE", getaddrinfo,
	    ("127.0.0.1", "80x", want(AF_INET, stream, num), answer()));
	entries();
	DO("GAI_DEVICE", getaddrinfo,
	    ("127.0.0.1", "0", want(AF_INET, stream, num), answer()));
	entries();
	DO("GAI_DEVICE", getaddrinfo,
	    ("a.test", "80", want(AF_INET, stream, num), answer()));
	DO("GAI_DEVICE", getaddrinfo,
	    ("127.0.0.1", "80", want(AF_INET6, stream, num), answer()));
	DO("GAI_FAMILY", getaddrinfo,
	    ("127.0.0.1", "80", want(999, stream, num), answer()));
	DO("GAI_DEVICE", getaddrinfo, (NULL, NULL, NULL, answer()));
}

static void
named(void)
{
	char name[NI_MAXHOST] = "", port[NI_MAXSERV] = "";
	const int num = NI_NUMERICHOST | NI_NUMERICSERV;
	struct sockaddr odd = { .sa_family = 999 };

	part("getnameinfo, gethostname");
	DO("", getnameinfo,
	    (v4("127.0.0.1", 80), IN4, name, sizeof(name), port, sizeof(port),
	        num));
	data("%s %s", name, port);
	DO("", getnameinfo,
	    (v6(1, 65535), IN6, name, sizeof(name), port, sizeof(port), num));
	data("%s %s", name, port);
	DO("", getnameinfo,
	    (v4("1.2.3.4", 80), IN4, name, sizeof(name), NULL, 0, num));
	data("%s", name);
	DO("", getnameinfo,
	    (v4("1.2.3.4", 99), IN4, NULL, 0, port, sizeof(port), num));
	data("%s", port);
	DO("NAMEINFO_NUMERIC", getnameinfo,
	    (v4("1.2.3.4", 22), IN4, NULL, 0, port, 2, num));
	DO("", getnameinfo, (v4("127.0.0.1", 80), IN4, name, 3, NULL, 0, num));
	DO("", getnameinfo, (v4("127.0.0.1", 80), IN4, NULL, 0, NULL, 0, num));
	DO("NAMEINFO_NUMERIC", getnameinfo,
	    (v4("127.0.0.1", 80), 3, name, sizeof(name), NULL, 0, num));
	DO("NAMEINFO_NUMERIC", getnameinfo,
	    (&odd, sizeof(odd), name, sizeof(name), NULL, 0, num));
	DO("HOSTNAME_FIXED", gethostname, (name, sizeof(name)));
	data("%s", strcmp(name, "zephyr") == 0 ? name : "the host's");
	DO("HOSTNAME_FIXED", gethostname, (name, 1));
}

void
script_names(void)
{
	text_of_addresses();
	resolved();
	named();
	part("gai_strerror");
	POINT("GAI_TOKENS", gai_strerror, (EAI_NONAME));
	data("%s", N(gai_strerror)(EAI_NONAME));
	POINT("GAI_TOKENS", gai_strerror, (0));
	data("%s", N(gai_strerror)(0));
}
