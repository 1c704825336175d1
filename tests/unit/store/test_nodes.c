/* SPDX-License-Identifier: ISC */
/*
 * Random requests beside simple models: the tree beside a flat list of paths; transactions beside
 * the rule that each one that was carried out could have run alone at its end.
 */
#include "world.h"

#define MAX_NODES 4096

/* ---- the model: paths with values ---- */

struct model {
	int count;
	struct {
		char path[48];
		char value[8];
	} node[MAX_NODES];
};

static int model_find(const struct model *model, const char *path)
{
	for (int i = 0; i < model->count; i++)
		if (strcmp(model->node[i].path, path) == 0)
			return i;
	return -1;
}

static void model_write(struct model *model, const char *path, const char *value)
{
	int at = model_find(model, path);
	char above[48];

	if (at < 0) {
		strcpy(above, path);
		*strrchr(above, '/') = '\0';
		if (above[0] && model_find(model, above) < 0)
			model_write(model, above, "");
		at = model->count++;
		assert_true(at < MAX_NODES);
		strcpy(model->node[at].path, path);
	}
	strcpy(model->node[at].value, value);
}

static bool is_at_or_below(const char *path, const char *top)
{
	size_t len = strlen(top);

	return strncmp(path, top, len) == 0 && (path[len] == '/' || !path[len]);
}

static void model_remove(struct model *model, const char *path)
{
	int kept = 0;

	for (int i = 0; i < model->count; i++)
		if (!is_at_or_below(model->node[i].path, path))
			model->node[kept++] = model->node[i];
	model->count = kept;
}

/* How many children, and a sum over their names: lists are compared without regard to order. */
static unsigned model_list(const struct model *model, const char *path)
{
	size_t len = strlen(path);
	unsigned sum = 0;

	for (int i = 0; i < model->count; i++) {
		const char *at = model->node[i].path;

		if (strncmp(at, path, len) == 0 && at[len] == '/' && !strchr(at + len + 1, '/'))
			sum += 1000 + (unsigned)at[len + 1];
	}
	return sum;
}

/* ---- one request, and what it says: a number that two runs can be compared by ---- */

enum kind { READ, WRITE, REMOVE, LIST, MAKE, KINDS };
struct step {
	enum kind kind;
	char path[48];
	char value[8];
	unsigned result;
};

static void make_step(struct step *step)
{
	int depth = 1 + (int)random_below(4);

	memset(step, 0, sizeof(*step));
	step->kind = random_below(KINDS);
	if (step->kind == REMOVE && random_below(2))
		step->kind = WRITE;
	strcpy(step->path, "/t");
	for (int i = 0; i < depth; i++)
		sprintf(step->path + strlen(step->path), "/%c", "abc"[random_below(3)]);
	sprintf(step->value, "%u", random_below(1000));
}

static unsigned hash(const char *text)
{
	unsigned sum = 5381;

	while (*text)
		sum = sum * 33 + (unsigned char)*text++;
	return sum;
}

static unsigned run_step(struct client *client, uint32_t tx, const struct step *step)
{
	unsigned sum = 0;
	int ret;

	switch (step->kind) {
	case READ:
		ret = ask_text(client, XS_READ, tx, step->path);
		return ret ? (unsigned)ret : hash(client->answer);
	case LIST:
		ret = ask_text(client, XS_DIRECTORY, tx, step->path);
		if (ret)
			return (unsigned)ret;
		for (size_t at = 0; at < client->answer_len; at += strlen(client->answer + at) + 1)
			sum += 1000 + (unsigned)client->answer[at];
		return sum;
	case WRITE:
		return (unsigned)write_text(client, tx, step->path, step->value);
	case MAKE:
		return (unsigned)ask_text(client, XS_MKDIR, tx, step->path);
	default:
		return (unsigned)ask_text(client, XS_RM, tx, step->path);
	}
}

static unsigned model_step(struct model *model, const struct step *step)
{
	int at = model_find(model, step->path);
	char above[48];

	switch (step->kind) {
	case READ:
		return at < 0 ? (unsigned)-ENOENT : hash(model->node[at].value);
	case LIST:
		return at < 0 ? (unsigned)-ENOENT : model_list(model, step->path);
	case WRITE:
		model_write(model, step->path, step->value);
		return 0;
	case MAKE:
		if (at < 0)
			model_write(model, step->path, "");
		return 0;
	default:
		strcpy(above, step->path);
		*strrchr(above, '/') = '\0';
		if (at < 0)
			return model_find(model, above) < 0 ? (unsigned)-ENOENT : 0;
		model_remove(model, step->path);
		return 0;
	}
}

static void expect_same(const struct model *model)
{
	unsigned nodes = 0;

	for (int i = 0; i < model->count; i++) {
		struct node *node = tree_walk(&world.tree, model->node[i].path);

		assert_true(node && node_exists(node));
		assert_int_equal(value_len(node->value), strlen(model->node[i].value));
		assert_memory_equal(node->value ? node->value->data : "", model->node[i].value,
				    value_len(node->value));
	}
	for (struct node *node = tree_walk(&world.tree, "/t"); node;) {
		nodes += node_exists(node);
		if (node->first) {
			node = node->first;
			continue;
		}
		while (node && !node->next && strcmp(node->name, "t") != 0)
			node = node->parent;
		node = node && strcmp(node->name, "t") != 0 ? node->next : NULL;
	}
	assert_int_equal(nodes, model->count);
	assert_int_equal(check_store(&world), 0);
}

/* ---- the tree ---- */

static void test_random_tree(void **state)
{
	static struct model model;
	struct client *client = client_open(0);
	struct step step;

	(void)state;
	random_seed(1);
	model.count = 0;
	model_write(&model, "/t", "");
	write_text(client, 0, "/t", "");
	for (int i = 0; i < 30000; i++) {
		make_step(&step);
		assert_int_equal(run_step(client, 0, &step), model_step(&model, &step));
		if (i % 500 == 0)
			expect_same(&model);
	}
	expect_same(&model);
	client_close(client);
}

/* ---- transactions ---- */

#define TXNS  6
#define STEPS 24

struct open_txn {
	uint32_t tx;
	int steps;
	struct step step[STEPS];
};

/*
 * A transaction that was carried out saw the same as if it had run alone just now; otherwise its
 * isolation failed. One that was refused has changed nothing.
 */
static void end_txn(struct client *client, struct model *model, struct open_txn *txn,
		    unsigned *done, unsigned *refused)
{
	static struct model before;
	bool commit = random_below(5) != 0;
	int ret;

	before = *model;
	ret = finish(client, txn->tx, commit);
	for (int i = 0; i < txn->steps && ret == 0 && commit; i++)
		assert_int_equal(txn->step[i].result, model_step(model, &txn->step[i]));
	if (ret == 0 && commit)
		(*done)++;
	if (ret) {
		assert_int_equal(ret, -EAGAIN);
		(*refused)++;
		*model = before;
	}
	expect_same(model);
	txn->tx = 0;
}

static void test_random_transactions(void **state)
{
	static struct open_txn txns[TXNS];
	static struct model model;
	struct client *client = client_open(0), *other = client_open(0);
	unsigned done = 0, refused = 0;
	struct step step;

	(void)state;
	random_seed(2);
	memset(txns, 0, sizeof(txns));
	model.count = 0;
	model_write(&model, "/t", "");
	write_text(client, 0, "/t", "");
	for (int i = 0; i < 40000; i++) {
		struct open_txn *txn = &txns[random_below(TXNS)];

		if (!txn->tx) {
			txn->tx = begin(client);
			txn->steps = 0;
		} else if (txn->steps == STEPS || random_below(12) == 0) {
			end_txn(client, &model, txn, &done, &refused);
		} else if (random_below(8) == 0) {
			make_step(&step);
			assert_int_equal(run_step(other, 0, &step), model_step(&model, &step));
		} else {
			struct step *next = &txn->step[txn->steps++];

			make_step(next);
			next->result = run_step(client, txn->tx, next);
		}
	}
	/* Both must have happened often, or the test says nothing. */
	assert_true(done > 300 && refused > 300);
	client_close(client);
	client_close(other);
	/* Nothing is left of transactions: no places, no touches. */
	assert_int_equal(world.tree.places, world.tree.nodes - 2);
}

static void test_others_do_not_see(void **state)
{
	struct client *client = client_open(0), *other = client_open(0);
	uint32_t tx = begin(client);

	(void)state;
	assert_int_equal(write_text(client, tx, "/new/below", "1"), 0);
	assert_int_equal(ask_text(other, XS_READ, 0, "/new/below"), -ENOENT);
	assert_int_equal(ask_text(other, XS_READ, tx, "/new/below"), -ENOENT); /* not its number */
	assert_int_equal(ask_text(client, XS_READ, tx, "/new/below"), 0);
	assert_int_equal(finish(client, tx, true), 0);
	assert_int_equal(ask_text(other, XS_READ, 0, "/new/below"), 0);
	client_close(client);
	client_close(other);
}

/* What was read stays as it was read, even where it has changed since. */
static void test_reads_repeat(void **state)
{
	struct client *client = client_open(0), *other = client_open(0);
	uint32_t tx;

	(void)state;
	write_text(other, 0, "/r", "old");
	tx = begin(client);
	ask_text(client, XS_READ, tx, "/r");
	write_text(other, 0, "/r", "new");
	assert_int_equal(ask_text(client, XS_READ, tx, "/r"), 0);
	assert_string_equal(client->answer, "old");
	ask_text(other, XS_RM, 0, "/r");
	assert_int_equal(ask_text(client, XS_READ, tx, "/r"), 0);
	assert_string_equal(client->answer, "old");
	assert_int_equal(finish(client, tx, true), -EAGAIN);
	client_close(client);
	client_close(other);
}

/* Two that make different nodes below the same one are not in each other's way. */
static void test_no_false_conflicts(void **state)
{
	struct client *one = client_open(0), *other = client_open(0);
	uint32_t tx1, tx2;

	(void)state;
	write_text(one, 0, "/guests", "");
	tx1 = begin(one);
	tx2 = begin(other);
	assert_int_equal(write_text(one, tx1, "/guests/1/name", "a"), 0);
	assert_int_equal(write_text(other, tx2, "/guests/2/name", "b"), 0);
	assert_int_equal(finish(one, tx1, true), 0);
	assert_int_equal(finish(other, tx2, true), 0);
	/* But one that has looked which there are, is. */
	tx1 = begin(one);
	assert_int_equal(ask_text(one, XS_DIRECTORY, tx1, "/guests"), 0);
	write_text(other, 0, "/guests/3/name", "c");
	assert_int_equal(finish(one, tx1, true), -EAGAIN);
	client_close(one);
	client_close(other);
}

static void test_transaction_errors(void **state)
{
	struct client *client = client_open(0);
	uint32_t tx = begin(client);

	(void)state;
	assert_int_equal(ask_text(client, XS_TRANSACTION_START, tx, ""), -EBUSY);
	assert_int_equal(ask_text(client, XS_TRANSACTION_END, tx, "X"), -EINVAL);
	assert_int_equal(ask_text(client, XS_TRANSACTION_END, 0, "T"), -ENOENT);
	assert_int_equal(finish(client, tx, false), 0);
	assert_int_equal(finish(client, tx, true), -ENOENT);
	assert_int_equal(ask_text(client, XS_READ, 12345, "/"), -ENOENT);
	client_close(client);
}

/* A tree as deep as a path can be, and one as wide as nobody would want. */
static void test_deep_and_wide(void **state)
{
	struct client *client = client_open(0);
	char path[2048 + 1] = "";
	unsigned names = 0;
	char offset[16];

	(void)state;
	while (strlen(path) < 2046)
		strcat(path, "/d");
	assert_int_equal(write_text(client, 0, path, "deep"), 0);
	assert_int_equal(ask_text(client, XS_RM, 0, "/d"), 0);
	for (int i = 0; i < 3000; i++) {
		sprintf(path, "/wide/%d", i);
		write_text(client, 0, path, "");
	}
	assert_int_equal(ask_text(client, XS_DIRECTORY, 0, "/wide"), -E2BIG);
	for (size_t at = 0, last = 0; !last;) {
		const char *name;

		sprintf(offset, "%zu", at);
		assert_int_equal(ask_two(client, XS_DIRECTORY_PART, 0, "/wide", offset), 0);
		name = client->answer + strlen(client->answer) + 1;
		for (; name < client->answer + client->answer_len; name += strlen(name) + 1) {
			last = !*name;
			names += *name != '\0';
			at += strlen(name) + 1;
		}
	}
	assert_int_equal(names, 3000);
	assert_int_equal(ask_text(client, XS_RM, 0, "/wide"), 0);
	client_close(client);
	assert_int_equal(world.tree.places, world.tree.nodes - 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_random_tree, world_open, world_close),
		cmocka_unit_test_setup_teardown(test_random_transactions, world_open, world_close),
		cmocka_unit_test_setup_teardown(test_others_do_not_see, world_open, world_close),
		cmocka_unit_test_setup_teardown(test_reads_repeat, world_open, world_close),
		cmocka_unit_test_setup_teardown(test_no_false_conflicts, world_open, world_close),
		cmocka_unit_test_setup_teardown(test_transaction_errors, world_open, world_close),
		cmocka_unit_test_setup_teardown(test_deep_and_wide, world_open, world_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
