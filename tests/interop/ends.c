#include "interop/ends.h"

#include <errno.h>
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUF_LEN 4096
#define RUN_S 120 /* then the program is ended, whatever it does */

static const char usage[] =
    "usage: zsock_end|mbedtls_end server [OPTION...] STEP...\n"
    "       mbedtls_end server --port PORT [OPTION...] STEP...\n"
    "       zsock_end|mbedtls_end client --port PORT [OPTION...] STEP...\n"
    "\n"
    "steps, in each connection:\n"
    "  send=FILE   send the whole file\n"
    "  recv=N      receive N bytes; if the peer ends before, nothing more\n"
    "              is done\n"
    "  until-end   receive until the peer ends\n"
    "  echo=N      N times, receive and send back what came\n"
    "  end         wait for the peer to end, who sends nothing more; without\n"
    "              it this end does\n"
    "\n"
    "options:\n"
    "  --dtls                   and not TLS: a file is a datagram.  A\n"
    "                           server of zsock_end has one socket for all\n"
    "                           connections, and sends to whom it heard last\n"
    "  --ipv6                   ::1 and not 127.0.0.1\n"
    "  --resend MIN,MAX         DTLS: milliseconds until the first flight\n"
    "                           is repeated, and the last\n"
    "  --lowest 10|11|12|13     version (12)\n"
    "  --ca FILE, --cert FILE, --key FILE, --psk IDENTITY=HEX\n"
    "  --name NAME, --any-name  what the peer's certificate must say\n"
    "  --verify 0|1|2           none, optional, required\n"
    "  --suites N,...           by IANA number\n"
    "  --alpn NAME,...\n"
    "  --sessions               keep them, to come back to\n"
    "  --no-tickets             sessions by their ids alone\n"
    "  --rounds N               so many connections, one after another\n"
    "  --got FILE               what is received goes there\n";

static const struct option longs[] = {
	{ "alpn", required_argument, NULL, 'a' },
	{ "any-name", no_argument, NULL, 'N' },
	{ "ca", required_argument, NULL, 'C' },
	{ "cert", required_argument, NULL, 'c' },
	{ "dtls", no_argument, NULL, 'd' },
	{ "got", required_argument, NULL, 'g' },
	{ "ipv6", no_argument, NULL, '6' },
	{ "key", required_argument, NULL, 'k' },
	{ "lowest", required_argument, NULL, 'l' },
	{ "name", required_argument, NULL, 'n' },
	{ "no-tickets", no_argument, NULL, 'T' },
	{ "port", required_argument, NULL, 'p' },
	{ "psk", required_argument, NULL, 'i' },
	{ "resend", required_argument, NULL, 'R' },
	{ "rounds", required_argument, NULL, 'r' },
	{ "sessions", no_argument, NULL, 's' },
	{ "suites", required_argument, NULL, 'S' },
	{ "verify", required_argument, NULL, 'v' },
	{ 0 },
};

_Noreturn void
end_fail(const char *what, const char *why)
{
	printf("failed %s: %s\n", what, why);
	exit(1);
}

char *
end_read_file(const char *file, size_t *len)
{
	FILE *f = fopen(file, "rb");
	char *data;
	long size;

	if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 0)
		end_fail(file, strerrorname_np(errno));
	rewind(f);
	data = calloc(1, (size_t)size + 1);
	if (data == NULL || fread(data, 1, (size_t)size, f) != (size_t)size)
		end_fail(file, "cannot be read");
	fclose(f);
	*len = (size_t)size;
	return data;
}

struct end_psk
end_parse_psk(const char *arg)
{
	struct end_psk psk = { .id = arg };
	const char *hex = strchr(arg, '=');

	if (hex == NULL)
		end_fail("--psk", "it is IDENTITY=HEX");
	psk.id_len = (size_t)(hex - arg);
	for (hex++; psk.len < sizeof(psk.key) &&
	     sscanf(hex, "%2hhx", &psk.key[psk.len]) == 1;
	     hex += 2)
		psk.len++;
	return psk;
}

static void
split_alpn(struct end_args *a, char *list)
{
	for (char *name = strtok(list, ",");
	     name != NULL && a->nalpn < END_LIST_MAX; name = strtok(NULL, ","))
		a->alpn[a->nalpn++] = name;
}

static void
split_suites(struct end_args *a, char *list)
{
	for (char *name = strtok(list, ",");
	     name != NULL && a->nsuites < END_LIST_MAX;
	     name = strtok(NULL, ","))
		a->suites[a->nsuites++] = (int)strtol(name, NULL, 0);
}

static bool
take_flag(struct end_args *a, int c)
{
	switch (c) {
	case 'N':
		a->any_name = true;
		return true;
	case '6':
		a->ipv6 = true;
		return true;
	case 'd':
		a->dtls = true;
		return true;
	case 's':
		a->sessions = true;
		return true;
	case 'T':
		a->tickets = false;
		return true;
	default:
		return false;
	}
}

static bool
take_text(struct end_args *a, int c, const char *arg)
{
	switch (c) {
	case 'C':
		a->ca = arg;
		return true;
	case 'c':
		a->cert = arg;
		return true;
	case 'k':
		a->key = arg;
		return true;
	case 'n':
		a->name = arg;
		return true;
	case 'g':
		a->got = arg;
		return true;
	default:
		return false;
	}
}

static bool
take_number(struct end_args *a, int c, const char *arg)
{
	switch (c) {
	case 'p':
		a->port = atoi(arg);
		return true;
	case 'l':
		a->lowest = atoi(arg);
		return true;
	case 'r':
		a->rounds = atoi(arg);
		return true;
	case 'v':
		a->verify = atoi(arg);
		return true;
	default:
		return false;
	}
}

static bool
take_list(struct end_args *a, int c, char *arg)
{
	switch (c) {
	case 'a':
		split_alpn(a, arg);
		return true;
	case 'S':
		split_suites(a, arg);
		return true;
	case 'R':
		return sscanf(arg, "%d,%d", &a->resend[0], &a->resend[1]) == 2;
	case 'i':
		if (a->npsk == END_LIST_MAX)
			return false;
		a->psk[a->npsk++] = arg;
		return true;
	default:
		return false;
	}
}

void
end_take_args(struct end_args *a, int argc, char **argv)
{
	bool good = true;
	int c;

	*a = (struct end_args){ .lowest = 12,
		.verify = -1,
		.rounds = 1,
		.tickets = true };
	while (good && (c = getopt_long(argc, argv, "", longs, NULL)) != -1)
		good = take_flag(a, c) || take_text(a, c, optarg) ||
		    take_number(a, c, optarg) || take_list(a, c, optarg);
	if (!good || optind == argc) {
		fputs(usage, stderr);
		exit(2);
	}
	a->server = strcmp(argv[optind], "server") == 0;
	a->steps = argv + optind + 1;
	setvbuf(stdout, NULL, _IOLBF, 0);
	alarm(RUN_S);
}

void
end_tell_open(const char *version, const char *suite, unsigned number,
    unsigned flags, const char *alpn, bool resumed)
{
	printf("open version=%s suite=%s number=0x%04x verify=0x%x alpn=%s "
	       "resumed=%s\n",
	    version, suite, number, flags, alpn, resumed ? "yes" : "no");
}

static void
send_file(const struct end_stream *s, const char *file)
{
	size_t len;
	char *data = end_read_file(file, &len);

	s->send(s->with, (unsigned char *)data, len);
	free(data);
	printf("sent %zu\n", len);
}

static size_t
take(const struct end_stream *s, unsigned char *buf, size_t len, FILE *to)
{
	const size_t n = s->recv(s->with, buf, len);

	if (to != NULL && fwrite(buf, 1, n, to) != n)
		end_fail("--got", "cannot be written");
	if (s->datagrams && n > 0)
		printf("datagram %zu\n", n);
	return n;
}

/* There is always room for a whole datagram. */
static bool
receive(const struct end_stream *s, size_t len, FILE *to)
{
	unsigned char buf[BUF_LEN];
	size_t done = 0;

	while (done < len) {
		const size_t left = len - done;
		const bool part = left < sizeof(buf) && !s->datagrams;
		const size_t n = take(s, buf, part ? left : sizeof(buf), to);

		if (n == 0)
			break;
		done += n;
	}
	printf("received %zu\n", done);
	return done == len;
}

static bool
echo(const struct end_stream *s, long times, FILE *to)
{
	unsigned char buf[BUF_LEN];

	for (long i = 0; i < times; i++) {
		const size_t n = take(s, buf, sizeof(buf), to);

		if (n == 0)
			return false;
		s->send(s->with, buf, n);
	}
	return true;
}

static void
await_end(const struct end_stream *s)
{
	unsigned char c;

	if (s->recv(s->with, &c, 1) != 0)
		end_fail("end", "the peer sends more than was expected");
	printf("ended\n");
}

/* The file is made anew, so that it holds the last connection alone. */
void
end_run_steps(const struct end_args *a, const struct end_stream *s)
{
	FILE *got = a->got != NULL ? fopen(a->got, "wb") : NULL;
	bool more = true;

	for (char **step = a->steps; more && *step != NULL; step++) {
		if (strncmp(*step, "send=", 5) == 0)
			send_file(s, *step + 5);
		else if (strncmp(*step, "recv=", 5) == 0)
			more = receive(s, (size_t)atol(*step + 5), got);
		else if (strcmp(*step, "until-end") == 0)
			receive(s, SIZE_MAX, got);
		else if (strncmp(*step, "echo=", 5) == 0)
			more = echo(s, atol(*step + 5), got);
		else if (strcmp(*step, "end") == 0)
			await_end(s);
		else
			end_fail(*step, "there is no such step");
	}
	if (got != NULL && fclose(got) != 0)
		end_fail("--got", "cannot be written");
}
