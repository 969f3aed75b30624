#include "base/hosts_line.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/lines.h"

#define LABEL_MAX 63
#define NAME_BYTES \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."

const char hosts_line_no_memory[] = "out of memory";

bool
hosts_line_name(const char *text, char name[HOSTS_NAME_MAX + 1])
{
	size_t len = strlen(text), label = 0;

	if (len > 0 && text[len - 1] == '.')
		len--;
	if (len == 0 || len > HOSTS_NAME_MAX || strspn(text, NAME_BYTES) < len)
		return false;
	for (size_t i = 0; i < len; i++) {
		label = text[i] == '.' ? 0 : label + 1;
		if (label > LABEL_MAX || (label == 0 && text[i + 1] == '.'))
			return false;
	}
	if (*text == '.')
		return false;
	for (size_t i = 0; i < len; i++)
		name[i] = (char)tolower((unsigned char)text[i]);
	name[len] = '\0';
	return true;
}

static const char *
parse_name(const char *text, char name[HOSTS_NAME_MAX + 1])
{
	struct address a;

	if (address_parse(text, strlen(text), false, &a))
		return "an address stands where a name belongs; "
		       "write one address and then names";
	if (!hosts_line_name(text, name))
		return "a name is too long or has an empty part, or a "
		       "character that is no letter, digit, '-', '_' or '.'; "
		       "correct the name";
	return NULL;
}

static const char *
append(const struct hosts_rule *r, struct hosts_rule ***end)
{
	struct hosts_rule *copy = malloc(sizeof(*copy));

	if (copy == NULL)
		return hosts_line_no_memory;
	*copy = *r;
	copy->next = NULL;
	**end = copy;
	*end = &copy->next;
	return NULL;
}

static const char *
parse_names(char *line, struct hosts_rule ***end)
{
	struct hosts_rule r = { .port = 0 };
	char *rest, *word = strtok_r(line, LINES_BLANKS, &rest);
	const char *wrong;

	if (word == NULL)
		return NULL;
	if (!address_parse(word, strlen(word), false, &r.to))
		return "the line does not begin with an address; write "
		       "\"address name...\" or \"name:port -> address:port\"";
	if (r.to.has_port)
		return "the address has a port; leave it out, or write "
		       "\"name:port -> address:port\"";
	word = strtok_r(NULL, LINES_BLANKS, &rest);
	if (word == NULL)
		return "no name follows the address; write "
		       "\"address name...\"";
	for (; word != NULL; word = strtok_r(NULL, LINES_BLANKS, &rest)) {
		wrong = parse_name(word, r.name);
		if (wrong == NULL)
			wrong = append(&r, end);
		if (wrong != NULL)
			return wrong;
	}
	return NULL;
}

static const char *
parse_redirection(char *left, char *right, struct hosts_rule ***end)
{
	struct hosts_rule r = { .redirects = true };
	char *colon = strrchr(left, ':');
	const char *wrong;

	if (!address_parse(right, strlen(right), false, &r.to) ||
	    !r.to.has_port || r.to.port == 0)
		return "what follows \"->\" is not an address with a port; "
		       "write address:port or [address]:port";
	if (address_parse(left, strlen(left), false, &r.from)) {
		if (r.from.has_port)
			r.port = r.from.port;
	} else if (colon != NULL) {
		*colon = '\0';
		wrong = parse_name(left, r.name);
		if (wrong != NULL)
			return wrong;
		if (!address_port(colon + 1, &r.port))
			r.port = 0;
	}
	if (r.port == 0)
		return "what comes before \"->\" has no port from 1 to 65535; "
		       "write name:port, address:port or [address]:port";
	if (r.name[0] == '\0' && r.from.family != r.to.family)
		return "the addresses are of two families, which one socket "
		       "cannot have; write both as IPv4 or both as IPv6";
	return append(&r, end);
}

const char *
hosts_line_parse(char *line, struct hosts_rule ***end)
{
	char *arrow;

	line[strcspn(line, "#")] = '\0';
	arrow = strstr(line, "->");
	if (arrow == NULL)
		return parse_names(line, end);
	*arrow = '\0';
	return parse_redirection(lines_trim(line), lines_trim(arrow + 2), end);
}
