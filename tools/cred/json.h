#ifndef CRED_JSON_H
#define CRED_JSON_H

#include <stdbool.h>
#include <stddef.h>

/*
 * JSON on standard output, by out().  Start with a struct json of zeros; name is
 * NULL for what is in a list, and for the whole.  A text that is no UTF-8 has
 * U+FFFD where it is none; what would steer a terminal is \uNNNN.
 */
#define JSON_DEPTH 8
struct json {
	int depth;
	bool more; /* the list or object at hand has something in it */
	char close[JSON_DEPTH];
};

void json_object(struct json *j, const char *name);
void json_list(struct json *j, const char *name);
/* Ends the innermost of them; the last with a line end. */
void json_end(struct json *j);

void json_text(struct json *j, const char *name, const char *text);
void json_bytes(struct json *j, const char *name, const void *text, size_t len);
void json_number(struct json *j, const char *name, long long n);
void json_bool(struct json *j, const char *name, bool yes);

#endif
