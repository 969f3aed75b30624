#include "check_options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "args.h"
#include "say.h"
#include "verb.h"

/* What Zephyr holds by default, CONFIG_TLS_MAX_CREDENTIALS_NUMBER. */
#define ZEPHYR_MAX 4
#define DAYS 30
#define DAYS_MAX 36500

static int
read_target(const char *text, enum target *target)
{
	static const struct {
		const char *name;
		enum target target;
	} rows[] = {
		{ "zephyr", TARGET_ZEPHYR },
		{ "nrf91", TARGET_NRF91 },
		{ "openssl", TARGET_OPENSSL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(text, rows[i].name) == 0) {
			*target = rows[i].target;
			return DONE;
		}
	}
	return say(USAGE, "\"%s\" is no target: zephyr, nrf91 or openssl",
	    text);
}

/* A day is its first second. */
static int
read_date(const char *text, time_t *at)
{
	static const char *const forms[] = { "%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ" };
	char again[32];

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct tm tm = { .tm_mday = 1 };
		const char *end = strptime(text, forms[i], &tm);

		if (end == NULL || *end != '\0')
			continue;
		*at = timegm(&tm);
		/* There is no 31st of February, and no 3rd of March in it. */
		if (strftime(again, sizeof(again), forms[i], &tm) > 0 &&
		    strcmp(again, text) == 0)
			return DONE;
	}
	return say(USAGE,
	    "\"%s\" is no date: YYYY-MM-DD or YYYY-MM-DDTHH:MM:SSZ", text);
}

static int
read_count(const char *option, const char *text, long most, long *n)
{
	char *end;

	errno = 0;
	*n = strtol(text, &end, 10);
	if (errno == 0 && text[0] >= '0' && text[0] <= '9' && *end == '\0' &&
	    *n <= most)
		return DONE;
	return say(USAGE, "--%s wants a number from 0 to %ld, not \"%s\"",
	    option, most, text);
}

static int
read_tags(char *text, struct check_options *o, struct rules *r)
{
	int rc = DONE, *tags;
	char *word;

	while (rc == DONE && (word = strsep(&text, ",")) != NULL) {
		tags = reallocarray(o->tags, r->ntags + 1, sizeof(*tags));
		if (tags == NULL)
			return say_no_memory();
		o->tags = tags;
		rc = args_tag(word, false, &tags[r->ntags]);
		r->ntags += rc == DONE;
	}
	return rc;
}

enum {
	OPTION_TARGET = 256,
	OPTION_HOST,
	OPTION_AT,
	OPTION_DAYS,
	OPTION_TAGS,
	OPTION_MAX,
	OPTION_STRICT,
	OPTION_JSON,
};

static const struct option options[] = {
	{ "target", required_argument, NULL, OPTION_TARGET },
	{ "host", required_argument, NULL, OPTION_HOST },
	{ "at", required_argument, NULL, OPTION_AT },
	{ "days", required_argument, NULL, OPTION_DAYS },
	{ "tags", required_argument, NULL, OPTION_TAGS },
	{ "max", required_argument, NULL, OPTION_MAX },
	{ "strict", no_argument, NULL, OPTION_STRICT },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ NULL, 0, NULL, 0 },
};

static int
read_option(int option, struct check_options *o, struct rules *r)
{
	long days;
	int rc = DONE;

	switch (option) {
	case OPTION_TARGET:
		return read_target(optarg, &r->target);
	case OPTION_HOST:
		r->host = optarg;
		return optarg[0] != '\0' ? DONE
		                         : say(USAGE, "--host wants a name");
	case OPTION_AT:
		return read_date(optarg, &r->at);
	case OPTION_DAYS:
		rc = read_count("days", optarg, DAYS_MAX, &days);
		if (rc == DONE)
			r->days = (int)days;
		return rc;
	case OPTION_TAGS:
		return read_tags(optarg, o, r);
	case OPTION_MAX:
		return read_count("max", optarg, BUNDLE_SECTIONS_MAX, &o->max);
	case OPTION_STRICT:
		o->strict = true;
		return DONE;
	case OPTION_JSON:
		o->json = true;
		return DONE;
	default:
		return verb_usage("check");
	}
}

int
check_options(int argc, char **argv, struct check_options *o, struct rules *r)
{
	int option, rc = DONE;

	*o = (struct check_options){ .max = -1 };
	*r = (struct rules){ .target = TARGET_ZEPHYR,
		.at = time(NULL),
		.days = DAYS };
	while (rc == DONE &&
	    (option = verb_option(argc, argv, "", options, NULL)) != -1)
		rc = read_option(option, o, r);
	if (rc == DONE && optind == argc)
		rc = verb_usage("check");
	r->tags = o->tags;
	if (o->max >= 0)
		r->max = (size_t)o->max;
	else if (r->target == TARGET_ZEPHYR)
		r->max = ZEPHYR_MAX;
	return rc;
}

void
check_options_fini(struct check_options *o)
{
	free(o->tags);
	o->tags = NULL;
}
