/*
 * What the library costs: each row measures the same work through it and
 * through raw sockets or raw OpenSSL (SSL_set_fd), in turn; the ratio is the
 * median of the rounds' ratios.
 */
#include "bench/bench.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/machine.h"
#include "bench/row.h"

static const struct part {
	const char *name;
	void (*run)(void);
} parts[] = {
	{ "plain", bench_plain },
	{ "table", bench_table },
	{ "poll", bench_poll },
	{ "tls", bench_tls },
	{ "handshakes", bench_handshakes },
	{ "s_time", bench_s_time },
	{ "idle", bench_idle },
	{ "dtls", bench_dtls },
	{ "shim", bench_shim },
	{ "bare", bench_bare },
};

#define PARTS (sizeof(parts) / sizeof(parts[0]))

static const char usage[] =
    "usage: bench [--json] [--rounds N] [PART...]\n"
    "       bench --list [PART...]\n"
    "       bench [--json] scale\n"
    "\n"
    "parts: plain table poll tls handshakes s_time idle dtls shim bare (all)\n"
    "\n"
    "  --json      an array of rows on standard output, and nothing else\n"
    "  --rounds N  so many rounds for each row, 1 to 128, instead of its own\n"
    "  --list      the rows and their targets; nothing is measured\n"
    "  scale       how costs grow with the number of sockets, of TLS\n"
    "              connections and of credentials\n"
    "\n"
    "Every figure is a cost: time, memory or calls.  The ratio is ours to the\n"
    "baseline, the median over rounds that measure both in turn, so that less\n"
    "is better: 0.80 is 125 % of the baseline's throughput.  A target limits\n"
    "the ratio, or ours alone where the metric ends in \"(absolute)\".  \"-\" "
    "and\n"
    "null: there is none.  \"added\" is what ours costs more than the "
    "baseline.\n";

static const struct part *
find_part(const char *name)
{
	for (size_t i = 0; i < PARTS; i++) {
		if (strcmp(name, parts[i].name) == 0)
			return &parts[i];
	}
	fprintf(stderr, "bench: there is no part \"%s\"\n\n%s", name, usage);
	exit(2);
}

static void
run(const struct part *p)
{
	row_part(p->name);
	bench_pin(0, BENCH_CPU_FIRST);
	p->run();
}

static int
run_all(char **names, int n, bool json)
{
	if (n == 1 && strcmp(names[0], "scale") == 0) {
		bench_scale(json);
		return 0;
	}
	for (int i = 0; i < n; i++)
		(void)find_part(names[i]);
	row_begin(json ? ROW_JSON : ROW_TEXT);
	for (int i = 0; i < n; i++)
		run(find_part(names[i]));
	for (size_t i = 0; n == 0 && i < PARTS; i++)
		run(&parts[i]);
	return row_end() ? 0 : 1;
}

static int
list(char **names, int n)
{
	if (n == 0)
		row_list(NULL);
	for (int i = 0; i < n; i++)
		row_list(find_part(names[i])->name);
	return 0;
}

static int
number_of_rounds(const char *text)
{
	char *end;
	const long n = strtol(text, &end, 10);

	if (*end == '\0' && n >= 1 && n <= ROW_ROUNDS_MAX)
		return (int)n;
	fprintf(stderr, "bench: --rounds: not 1 to %d: \"%s\"\n",
	    ROW_ROUNDS_MAX, text);
	exit(2);
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "rounds", required_argument, NULL, 'r' },
		{ "list", no_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	bool json = false, listing = false;
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'j':
			json = true;
			break;
		case 'r':
			row_set_rounds(number_of_rounds(optarg));
			break;
		case 'l':
			listing = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	return listing ? list(argv + optind, argc - optind)
	               : run_all(argv + optind, argc - optind, json);
}
