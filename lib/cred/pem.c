#include "cred/pem.h"

#include <string.h>

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool
pem_label(const char *text, size_t len, const char *start, const char **label,
    size_t *label_len)
{
	const size_t before = strlen(start), after = strlen(PEM_LINE_DASHES);

	while (len > 0 && is_blank(text[len - 1]))
		len--;
	if (len <= before + after || memcmp(text, start, before) != 0 ||
	    memcmp(text + len - after, PEM_LINE_DASHES, after) != 0)
		return false;
	*label = text + before;
	*label_len = len - before - after;
	return true;
}

bool
pem_is_first(const void *data, size_t len)
{
	return len > strlen(PEM_LINE_BEGIN) &&
	    memcmp(data, PEM_LINE_BEGIN, strlen(PEM_LINE_BEGIN)) == 0;
}
