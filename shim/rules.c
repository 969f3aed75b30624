#include "shim/rules.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "shim/text.h"

#define CONNECT_FORM \
	"it has the form HOST:PORT=TAG,TAG, where HOST is an IPv4 address, " \
	"an [IPv6] address, a name or *"
#define LISTEN_FORM "it has the form PORT=TAG,TAG"
#define HOST_FORM \
	"HOST is an IPv4 address, an IPv6 address in brackets, a name of at " \
	"most 255 letters, digits, '-', '_' and '.', or *"

/* A piece of the text, which is not copied. */
struct span {
	const char *at;
	size_t len;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The next word of *text, which moves behind it; none has no length. */
static struct span
next_word(const char **text)
{
	struct span word;

	while (is_blank(**text))
		(*text)++;
	word.at = *text;
	while (**text != '\0' && !is_blank(**text))
		(*text)++;
	word.len = (size_t)(*text - word.at);
	return word;
}

/* Splits at the last c; false if there is none. */
static bool
split_last(struct span word, char c, struct span *left, struct span *right)
{
	const char *at = memrchr(word.at, c, word.len);

	if (at == NULL)
		return false;
	left->at = word.at;
	left->len = (size_t)(at - word.at);
	right->at = at + 1;
	right->len = word.len - left->len - 1;
	return true;
}

/* Digits alone, at most most; -1 otherwise. */
static long
number(struct span text, long most)
{
	long n = 0;

	if (text.len == 0)
		return -1;
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] < '0' || text.at[i] > '9')
			return -1;
		n = n * 10 + (text.at[i] - '0');
		if (n > most)
			return -1;
	}
	return n;
}

/* All that parse_ functions answer: NULL, or what is wrong and what is right. */
static const char *
parse_tags(struct rule *rule, struct span text)
{
	struct span rest = text, tag;
	long n;

	for (;;) {
		const char *comma = memchr(rest.at, ',', rest.len);

		tag = rest;
		if (comma != NULL)
			tag.len = (size_t)(comma - rest.at);
		n = number(tag, INT_MAX);
		if (n < 0)
			return "a TAG is a number from 0 to 2147483647";
		if (rule->ntags == RULES_TAGS_MAX)
			return "it has more than 8 TAGs";
		rule->tags[rule->ntags++] = (int)n;
		if (comma == NULL)
			return NULL;
		rest.at = comma + 1;
		rest.len -= tag.len + 1;
	}
}

static const char *
parse_port(struct rule *rule, struct span text)
{
	const long n = number(text, UINT16_MAX);

	if (n < 1)
		return "PORT is a number from 1 to 65535";
	rule->port = (uint16_t)n;
	return NULL;
}

void
rules_map_ipv4(uint8_t address[16], const void *ipv4)
{
	memset(address, 0, 10);
	memset(address + 10, 0xff, 2);
	memcpy(address + 12, ipv4, 4);
}

static bool
is_name(const char *host)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
	                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                              "0123456789-_.";

	/* What has no letter in it is an address with a slip in it. */
	return strspn(host, letters) == strlen(host) &&
	    host[strspn(host, "0123456789.")] != '\0';
}

static const char *
parse_host(struct rule *rule, struct span text)
{
	const bool brackets =
	    text.len > 2 && text.at[0] == '[' && text.at[text.len - 1] == ']';
	struct in_addr ipv4;

	if (brackets) {
		text.at++;
		text.len -= 2;
	}
	if (text.len == 0 || text.len > RULES_HOST_MAX)
		return HOST_FORM;
	memcpy(rule->host, text.at, text.len);
	rule->host[text.len] = '\0';
	rule->kind = RULES_HOST_ADDRESS;
	if (brackets)
		return inet_pton(AF_INET6, rule->host, rule->address) == 1
		    ? NULL
		    : HOST_FORM;
	if (inet_pton(AF_INET, rule->host, &ipv4) == 1) {
		rules_map_ipv4(rule->address, &ipv4);
		return NULL;
	}
	rule->kind = RULES_HOST_NAME;
	if (strcmp(rule->host, "*") == 0) {
		rule->kind = RULES_HOST_ANY;
		rule->host[0] = '\0';
		return NULL;
	}
	return is_name(rule->host) ? NULL : HOST_FORM;
}

static const char *
parse_rule(struct rule *rule, enum rules_kind kind, struct span word)
{
	struct span place, tags, host, port;
	const char *why;

	if (!split_last(word, '=', &place, &tags))
		return kind == RULES_CONNECT ? CONNECT_FORM : LISTEN_FORM;
	port = place;
	rule->kind = RULES_HOST_ANY;
	rule->host[0] = '\0';
	rule->ntags = 0;
	if (kind == RULES_CONNECT) {
		if (!split_last(place, ':', &host, &port))
			return CONNECT_FORM;
		why = parse_host(rule, host);
		if (why != NULL)
			return why;
	}
	why = parse_port(rule, port);
	return why != NULL ? why : parse_tags(rule, tags);
}

/* "rule 2, 'x:1=2': why" */
static int
fail(char error[RULES_ERROR_MAX], size_t nth, struct span word, const char *why)
{
	struct text text;

	text_init(&text, error, RULES_ERROR_MAX);
	text_add(&text, "rule ");
	text_add_number(&text, (long)nth);
	text_add(&text, ", '");
	text_add_part(&text, word.at, word.len < 60 ? word.len : 60);
	text_add(&text, word.len < 60 ? "': " : "...': ");
	text_add(&text, why);
	return -EINVAL;
}

int
rules_parse(struct rules *rules, enum rules_kind kind, const char *text,
    char error[RULES_ERROR_MAX])
{
	struct span word;
	const char *why;

	rules->n = 0;
	rules->names = false;
	for (;;) {
		word = next_word(&text);
		if (word.len == 0)
			return 0;
		if (rules->n == RULES_MAX)
			return fail(error, rules->n + 1, word,
			    "there may be 32 rules");
		why = parse_rule(&rules->rule[rules->n], kind, word);
		if (why != NULL)
			return fail(error, rules->n + 1, word, why);
		if (rules->rule[rules->n].kind == RULES_HOST_NAME)
			rules->names = true;
		rules->n++;
	}
}
