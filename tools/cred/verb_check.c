#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "check_options.h"
#include "cred/types.h"
#include "json.h"
#include "place.h"
#include "say.h"
#include "verb.h"

/* The stores that are one set, and what is to be told of them. */
struct check {
	struct rules rules;
	struct check_options options;
	struct place **places;
	struct set *sets;
	size_t n;
};

static int
read_store(struct check *c, const char *name)
{
	int rc;

	rc = place_open(name, &c->places[c->n]);
	if (rc != DONE)
		return rc;
	c->n++;
	return place_read(c->places[c->n - 1], PLACE_ALL, -1, 0,
	    &c->sets[c->n - 1]);
}

static int
read_stores(struct check *c, char *const *names, size_t n)
{
	int rc = DONE;

	c->places = calloc(n, sizeof(struct place *));
	c->sets = calloc(n, sizeof(struct set));
	if (c->places == NULL || c->sets == NULL)
		return say_no_memory();
	for (size_t i = 0; rc == DONE && i < n; i++)
		rc = read_store(c, names[i]);
	return rc;
}

/* What may not be seen is there all the same, for the rules of pairs. */
static void
remark_unseen(const struct set *set, const char *store)
{
	size_t unseen = 0;

	for (size_t i = 0; i < set->n; i++)
		unseen += set->items[i].data == NULL && !set->items[i].redacted;
	if (unseen > 0)
		remark("%s: %zu of %zu values are not shown, and not judged; a "
		       "process shows its secrets at the level full",
		    store, unseen, set->n);
}

static int
make_subjects(struct check *c)
{
	size_t total = 0;

	for (size_t i = 0; i < c->n; i++)
		total += c->sets[i].n;
	c->rules.subjects = calloc(total + 1, sizeof(struct subject));
	if (c->rules.subjects == NULL)
		return say_no_memory();
	for (size_t i = 0; i < c->n; i++) {
		const struct set *set = &c->sets[i];

		for (size_t k = 0; k < set->n; k++) {
			struct subject *s = &c->rules.subjects[c->rules.n++];

			s->store = place_name(c->places[i]);
			s->item = &set->items[k];
			facts_of(s->item->data, s->item->len, s->item->type,
			    &s->facts);
		}
		remark_unseen(set, place_name(c->places[i]));
	}
	return DONE;
}

static bool
has_tag(const struct rules *r, int tag)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct item *item = r->subjects[i].item;

		if (item != NULL && item->tag == tag)
			return true;
	}
	return false;
}

static int
check_tags(const struct rules *r)
{
	for (size_t i = 0; i < r->ntags; i++) {
		if (!has_tag(r, r->tags[i]))
			return say(ABSENT,
			    "--tags: there is nothing in sec_tag %d",
			    r->tags[i]);
	}
	return DONE;
}

static void
print_line(const struct finding *f)
{
	const struct item *i = f->subject->item;
	char store[256];

	say_escape(f->subject->store, strlen(f->subject->store), store,
	    sizeof(store));
	if (i->line > 0)
		out("%s:%d: %s tag %d: %s\n", store, i->line, f->rule->code,
		    i->tag, f->text);
	else
		out("%s: %s tag %d %s: %s\n", store, f->rule->code, i->tag,
		    cred_types_short(i->type), f->text);
}

static const char *
severity(const struct rule *rule)
{
	switch (rule->code[0]) {
	case 'E':
		return "error";
	case 'W':
		return "warning";
	default:
		return "note";
	}
}

static void
print_json(const struct rules *r)
{
	struct json j = { .depth = 0 };

	json_object(&j, NULL);
	json_number(&j, "version", 1);
	json_list(&j, "findings");
	for (size_t i = 0; i < r->nfindings; i++) {
		const struct finding *f = &r->findings[i];

		json_object(&j, NULL);
		json_text(&j, "store", f->subject->store);
		json_number(&j, "line", f->subject->item->line);
		json_number(&j, "tag", f->subject->item->tag);
		json_text(&j, "type", cred_types_short(f->subject->item->type));
		json_text(&j, "rule", f->rule->code);
		json_text(&j, "severity", severity(f->rule));
		json_text(&j, "text", f->text);
		json_end(&j);
	}
	json_end(&j);
	json_number(&j, "errors", (long long)rules_count(r, 'E'));
	json_number(&j, "warnings", (long long)rules_count(r, 'W'));
	json_end(&j);
}

static int
report(const struct check *c)
{
	const struct rules *r = &c->rules;
	const size_t errors = rules_count(r, 'E');
	const size_t warnings = rules_count(r, 'W');

	if (c->options.json) {
		print_json(r);
	} else {
		for (size_t i = 0; i < r->nfindings; i++)
			print_line(&r->findings[i]);
	}
	remark("%zu error%s, %zu warning%s", errors, errors == 1 ? "" : "s",
	    warnings, warnings == 1 ? "" : "s");
	return errors > 0 || (c->options.strict && warnings > 0) ? NO : DONE;
}

static void
release(struct check *c)
{
	rules_fini(&c->rules);
	for (size_t i = 0; i < c->rules.n; i++)
		facts_fini(&c->rules.subjects[i].facts);
	free(c->rules.subjects);
	for (size_t i = 0; i < c->n; i++) {
		set_fini(&c->sets[i]);
		place_close(c->places[i]);
	}
	free(c->sets);
	free(c->places);
	check_options_fini(&c->options);
}

static int
check_run(int argc, char **argv)
{
	struct check c = { .n = 0 };
	int rc;

	rc = check_options(argc, argv, &c.options, &c.rules);
	if (rc == DONE)
		rc = read_stores(&c, argv + optind, (size_t)(argc - optind));
	if (rc == DONE)
		rc = make_subjects(&c);
	if (rc == DONE)
		rc = check_tags(&c.rules);
	if (rc == DONE) {
		rules_run(&c.rules);
		rc = c.rules.failed ? say_no_memory() : report(&c);
	}
	release(&c);
	return rc;
}

const struct verb verb_check = {
	.name = "check",
	.usage = "check STORE... [--target zephyr|nrf91|openssl] [--host NAME] "
	         "[--at DATE] [--days N] [--tags N,N..] [--max N] [--strict] "
	         "[--json]",
	.options =
	    "STORE...       several are one set\n"
	    "--target T     whose rules: zephyr (Mbed TLS, the default), "
	    "nrf91 "
	    "(the modem),\n"
	    "               openssl (this library)\n"
	    "--host NAME    the server's certificates must have this name\n"
	    "--at DATE      judge dates as of then: YYYY-MM-DD[THH:MM:SSZ]\n"
	    "--days N       warn of certificates that end within N days "
	    "(30)\n"
	    "--tags N,N..   the tags of the socket: CAs of these alone "
	    "count\n"
	    "--max N        credentials the device holds (zephyr: 4; 0: any "
	    "number)\n"
	    "--strict       warnings count as errors\n"
	    "--json         findings as JSON",
	.examples = "zsock-cred check dev.zcred --host broker.example\n"
	            "zsock-cred check @fw --target openssl --tags 1,2",
	.exits =
	    "0 no errors, 1 errors (or --strict and warnings), 3 malformed "
	    "store, 4 no such store or tag, 5 mode or owner",
	.run = check_run,
};
