#include "script.h"

#include <errno.h>
#include <string.h>

#define BLANKS " \t"
#define LIBRARIES "LD_PRELOAD"

/* Copies len bytes, which fit. */
static void
copy(char *to, const char *from, size_t len)
{
	memcpy(to, from, len);
	to[len] = '\0';
}

static size_t
without_blanks(const char *text, size_t len)
{
	while (len > 0 && strchr(BLANKS, text[len - 1]) != NULL)
		len--;
	return len;
}

int
script_parse(const char *text, size_t len, struct script *out)
{
	const bool cut = len >= SCRIPT_LINE_MAX;
	char line[SCRIPT_LINE_MAX];
	const char *begin;
	size_t n;

	if (len < 2 || memcmp(text, "#!", 2) != 0)
		return -ENOEXEC;
	/* The kernel reads so many bytes, of which it needs one for a NUL. */
	n = (cut ? SCRIPT_LINE_MAX - 1 : len) - 2;
	copy(line, text + 2, n);
	n = strcspn(line, "\n");
	copy(line, text + 2, without_blanks(line, n));
	begin = line + strspn(line, BLANKS);
	n = strcspn(begin, BLANKS);
	if (n == 0)
		return -EINVAL;
	if (cut && memchr(text, '\n', SCRIPT_LINE_MAX - 1) == NULL &&
	    begin[n] == '\0')
		return -EINVAL;
	copy(out->interp, begin, n);
	begin += n;
	begin += strspn(begin, BLANKS);
	copy(out->arg, begin, strlen(begin));
	return 0;
}

/* A word of a text; of length 0 behind the last. */
struct word {
	const char *at;
	size_t len;
};

static struct word
next_word(const char **text)
{
	struct word w;

	w.at = *text + strspn(*text, BLANKS);
	w.len = strcspn(w.at, BLANKS);
	*text = w.at + w.len;
	return w;
}

static bool
is(struct word w, const char *text)
{
	return w.len == strlen(text) && memcmp(w.at, text, w.len) == 0;
}

/* Does it begin so? */
static bool
begins(struct word w, const char *text)
{
	return w.len >= strlen(text) && memcmp(w.at, text, strlen(text)) == 0;
}

/* Is it option, shortened by its end, of which least letters have to be left? */
static bool
shortens(struct word w, const char *option, size_t least)
{
	return w.len >= least && w.len <= strlen(option) &&
	    memcmp(w.at, option, w.len) == 0;
}

static struct word
from(struct word w, size_t at)
{
	return (struct word){ w.at + at, w.len - at };
}

/* The letters of one word, up to the one that has the rest as its value. */
static bool
letters_drop(struct word w, struct word next)
{
	for (size_t i = 1; i < w.len; i++) {
		if (w.at[i] == 'i')
			return true;
		if (w.at[i] == 'u')
			return is(i + 1 < w.len ? from(w, i + 1) : next,
			    LIBRARIES);
		if (strchr("CS", w.at[i]) != NULL)
			return false;
	}
	return false;
}

/* Does env, told so, take the library from what it runs? */
static bool
drops(struct word w, struct word next)
{
	const char *value;

	if (is(w, "-") || begins(w, LIBRARIES "="))
		return true;
	if (!begins(w, "--"))
		return *w.at == '-' && letters_drop(w, next);
	if (shortens(w, "--ignore-environment", sizeof("--ignore-e") - 1))
		return true;
	value = memchr(w.at, '=', w.len);
	if (value == NULL)
		return shortens(w, "--unset", 3) && is(next, LIBRARIES);
	return shortens((struct word){ w.at, (size_t)(value - w.at) },
	           "--unset", 3) &&
	    is(from(w, (size_t)(value - w.at) + 1), LIBRARIES);
}

/* Is the next word this option's value? */
static bool
takes_word(struct word w)
{
	if (begins(w, "--"))
		return shortens(w, "--unset", 3) || shortens(w, "--chdir", 3);
	if (w.len < 2 || *w.at != '-')
		return false;
	for (size_t i = 1; i + 1 < w.len; i++) {
		if (strchr("uCS", w.at[i]) != NULL)
			return false;
	}
	return w.at[w.len - 1] == 'u' || w.at[w.len - 1] == 'C';
}

/* What follows "-S", with other letters before it, or the option written out. */
static const char *
split_text(const char *arg)
{
	static const char whole[] = "--split-string=";
	const size_t flags = arg[0] == '-' ? strspn(arg + 1, "iv0") : 0;

	if (strncmp(arg, whole, sizeof(whole) - 1) == 0)
		return arg + sizeof(whole) - 1;
	if (arg[0] != '-' || arg[1 + flags] != 'S')
		return NULL;
	return arg + 1 + flags + 1;
}

static enum script_env
look_at(struct word w, struct word next, char word[SCRIPT_LINE_MAX])
{
	copy(word, w.at, w.len);
	if (drops(w, next))
		return SCRIPT_ENV_BARE;
	if (w.len == 0 || *w.at == '-' || memchr(w.at, '=', w.len) != NULL)
		return SCRIPT_ENV_NONE;
	return SCRIPT_ENV_NAME;
}

enum script_env
script_env(const char *arg, char word[SCRIPT_LINE_MAX])
{
	const char *text = split_text(arg), *rest;
	struct word w = { arg,
		text != NULL ? (size_t)(text - arg) : strlen(arg) },
	            next = { "", 0 };
	enum script_env found;

	found = look_at(w, next, word);
	while (text != NULL && found == SCRIPT_ENV_NONE) {
		w = next_word(&text);
		if (w.len == 0)
			break;
		rest = text;
		next = next_word(&rest);
		found = look_at(w, next, word);
		if (takes_word(w))
			text = rest;
		else if (found == SCRIPT_ENV_NAME &&
		    strpbrk(word, "'\"\\$") != NULL)
			return SCRIPT_ENV_NONE; /* only env knows what it is */
	}
	return found;
}
