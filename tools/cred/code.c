#include "code.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

/* Of the sentences about bundles those that have a code of their own. */
static const struct {
	const char *words, *code;
} rows[] = {
	{ " already, in line ", " [E02]" },
	{ " is of the same tag and type; remove ", " [E02]" },
	{ "the value has changed: its digest is ", " [E03]" },
};

const char *
code_of_read(int rc, const char *sentence)
{
	if (rc == -EPERM)
		return " [E04]";
	if (rc != -EINVAL)
		return "";
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strstr(sentence, rows[i].words) != NULL)
			return rows[i].code;
	}
	return " [E01]";
}
