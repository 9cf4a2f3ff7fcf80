#include "ledger_suite.hpp"

#include <spidergate/store/errc.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

namespace spidergate::ledger {
namespace {

using receipts::group;
using receipts::search;

class receipts_table : public ledger_suite {
 protected:
  void insert(const std::vector<model::receipt>& all) { ASSERT_TRUE(testing::insert_batch(*on, all)); }
};

TEST_P(receipts_table, a_receipt_comes_back_whole) {
  auto r = receipt_of("req_1");
  r.attempts.push_back({"groq", "llama", "int_1", "main", noon, 5, 429, "rate_limited", {}});
  r.tags = {"a", "b"}, r.metadata = R"({"k":1})", r.dropped_params = {"store"};
  insert({r});
  const auto back = receipts::find(*on, "req_1").value();
  ASSERT_TRUE(back);
  EXPECT_EQ(model::full_json(*back), model::full_json(r));
  EXPECT_EQ(receipts::find(*on, "req_2").value(), std::nullopt);
}

TEST_P(receipts_table, duplicates_count_once_also_within_a_batch) {
  const std::vector<model::receipt> batch = {receipt_of("req_1"), receipt_of("req_2"), receipt_of("req_1")};
  EXPECT_EQ(testing::insert_batch(*on, batch).value(), 2U);
  EXPECT_EQ(testing::insert_batch(*on, batch).value(), 0U);
  EXPECT_EQ(count(), 2);
  EXPECT_EQ(counted_requests(), 2);
}

TEST_P(receipts_table, a_batch_that_fails_leaves_nothing) {
  ASSERT_TRUE(on->exec_script("DROP TABLE usage_hourly"));
  EXPECT_FALSE(testing::insert_batch(*on, std::vector{receipt_of("req_1")}));
  EXPECT_EQ(count(), 0);
}

TEST_P(receipts_table, columns_from_outside_are_bounded) {
  auto r = receipt_of("req_1");
  r.requested_model = std::string(511, 'x') + "\xc3\xa4" + std::string(1'000'000, 'y');
  r.alias = std::string("nul\0byte", 8);
  insert({r});
  const auto row = on->exec("SELECT requested_model, alias FROM receipts").value();
  EXPECT_EQ(row[0].text(0), std::string(511, 'x'));
  EXPECT_EQ(row[0].text(1), "nul?byte");
  EXPECT_EQ(receipts::find(*on, "req_1").value()->requested_model, r.requested_model);
}

TEST_P(receipts_table, awkward_texts_are_searchable_and_come_back_whole) {
  auto r = receipt_of("req_\t\\N\n");
  r.requested_model = "a\tb\\c\r\n\\.\n\xff\xed\xa0\x80 \xf0\x9f\x98\x80", r.provider = "\\N", r.model = "\\.";
  insert({r, receipt_of("req_2")});
  const auto back = receipts::find(*on, r.request_id).value();
  ASSERT_TRUE(back);
  EXPECT_EQ(back->requested_model, r.requested_model);
  search by;
  by.provider = "\\N", by.model = "\\.";
  EXPECT_EQ(receipts::list(*on, by).value().items.size(), 1U);
  const auto row = on->exec("SELECT requested_model FROM receipts WHERE model = $1", {std::string("\\.")}).value();
  EXPECT_EQ(row[0].text(0), "a\tb\\c\r\n\\.\n???? \xf0\x9f\x98\x80");
}

TEST_P(receipts_table, what_was_spent_is_counted_by_owner_from_a_time_on) {
  std::vector<model::receipt> all;
  for (int i = 0; i < 6; ++i) {
    auto r = receipt_of("req_" + std::to_string(i), noon + i * 3'600'000);
    r.brand_id = i % 2 == 0 ? "brd_a" : "brd_b", r.client_id = "cli_" + std::to_string(i % 3),
    r.cost.nano_usd = 1LL << (10 * i);
    all.push_back(r);
  }
  insert(all);
  const auto spent = [&](std::string_view column, std::string_view id, epoch_ms since) {
    return receipts::spent(*on, column, id, since).value().nano_usd;
  };
  EXPECT_EQ(spent("brand_id", "brd_b", 0), (1LL << 10) + (1LL << 30) + (1LL << 50));
  EXPECT_EQ(spent("brand_id", "brd_a", noon + 3'600'000), (1LL << 20) + (1LL << 40));
  EXPECT_EQ(spent("client_id", "cli_2", 0), (1LL << 20) + (1LL << 50));
  EXPECT_EQ(spent("token_id", "tok_1", noon + 5 * 3'600'000), 1LL << 50);
  EXPECT_EQ(spent("token_id", "tok_none", 0), 0);
}

TEST_P(receipts_table, filters_choose) {
  auto other = receipt_of("req_2", noon + 1);
  other.brand_id = "brd_2", other.status = "refused", other.model.clear(), other.provider.clear();
  other.requested_model = "nowhere/model";
  insert({receipt_of("req_1"), other});
  const auto ids = [&](const search& by) {
    std::string all;
    for (const auto& r : receipts::list(*on, by).value().items) all += r.request_id + ' ';
    return all;
  };
  EXPECT_EQ(ids({}), "req_2 req_1 ");
  EXPECT_EQ(ids({.brand_id = "brd_2"}), "req_2 ");
  EXPECT_EQ(ids({.model = "gpt-4o-mini"}), "req_1 ");
  EXPECT_EQ(ids({.model = "nowhere/model"}), "req_2 ");
  EXPECT_EQ(ids({.status = "refused"}), "req_2 ");
  EXPECT_EQ(ids({.brand_id = "brd_2", .provider = "openai"}), "");
  EXPECT_EQ(ids({.since = noon + 1}), "req_2 ");
  EXPECT_EQ(ids({.until = noon + 1}), "req_1 ");
}

TEST_P(receipts_table, pages_stay_whole_while_receipts_come_in) {
  std::vector<model::receipt> old;
  for (int i = 0; i < 25; ++i) old.push_back(receipt_of("req_" + std::to_string(100 + i), noon + i / 3));
  insert(old);
  search by;
  by.limit = 4;
  std::vector<std::string> seen;
  int late = 0;
  do {
    const auto page = receipts::list(*on, by).value();
    for (const auto& r : page.items) seen.push_back(r.request_id);
    by.cursor = page.next_cursor;
    insert({receipt_of("req_new_" + std::to_string(late), noon + 1'000 + late)});
    ++late;
  } while (!by.cursor.empty());
  ASSERT_EQ(seen.size(), old.size());
  EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), old.size());
  EXPECT_EQ(seen.front(), "req_124");
}

TEST_P(receipts_table, a_foreign_cursor_is_refused) {
  for (const auto* cursor : {"x", "12", ".req", "12.", "1x.req", "99999999999999999999.req"}) {
    search by;
    by.cursor = cursor;
    EXPECT_EQ(receipts::list(*on, by).error(), store::errc::bad_cursor) << cursor;
  }
}

TEST_P(receipts_table, old_ones_go_in_bounded_batches_and_their_usage_stays) {
  if (on_postgresql()) GTEST_SKIP() << "whole days are dropped there, see postgresql_test.cpp";
  std::vector<model::receipt> all;
  for (int i = 0; i < 10; ++i) all.push_back(receipt_of("req_" + std::to_string(i), noon + i));
  insert(all);
  EXPECT_EQ(receipts::remove_older(*on, noon + 7, 4).value(), 4U);
  EXPECT_EQ(receipts::remove_older(*on, noon + 7, 4).value(), 3U);
  EXPECT_EQ(receipts::remove_older(*on, noon + 7, 4).value(), 0U);
  EXPECT_EQ(count(), 3);
  EXPECT_EQ(receipts::usage(*on, group::none, {}).value()[0].requests, 10);
}

TEST_P(receipts_table, totals_of_nothing_are_one_row_of_zeros) {
  const auto none = receipts::usage(*on, group::none, {}).value();
  ASSERT_EQ(none.size(), 1U);
  EXPECT_EQ(none[0].requests, 0);
  EXPECT_TRUE(receipts::usage(*on, group::model, {}).value().empty());
}

TEST_P(receipts_table, days_and_hours_are_iso_8601) {
  insert({receipt_of("req_1")});
  EXPECT_EQ(receipts::usage(*on, group::day, {}).value()[0].key, "2026-01-01");
  EXPECT_EQ(receipts::usage(*on, group::hour, {}).value()[0].key, "2026-01-01T12:00:00Z");
}

std::string key_of(group by, const model::receipt& r) {
  switch (by) {
    case group::none:
      return "";
    case group::model:
      return r.model;
    case group::provider:
      return r.provider;
    case group::client:
      return r.client_id;
    case group::token:
      return r.token_id;
    case group::brand:
      return r.brand_id;
    case group::alias:
      return r.alias;
    case group::day:
      return to_iso8601(r.timestamp).substr(0, 10);
    case group::hour:
      return to_iso8601(r.timestamp).substr(0, 13) + ":00:00Z";
  }
  return "?";
}

bool matches(const search& by, const model::receipt& r) {
  const auto is = [](const std::string& wanted, const std::string& there) { return wanted.empty() || wanted == there; };
  return is(by.brand_id, r.brand_id) && is(by.model, r.model) && is(by.provider, r.provider) &&
         is(by.status, r.status) && r.timestamp >= by.since && (by.until == 0 || r.timestamp < by.until);
}

std::vector<receipts::usage_row> summed(group by, const search& want, const std::vector<model::receipt>& all) {
  std::map<std::string, receipts::usage_row> sums;
  if (by == group::none) sums[""];
  for (const auto& r : all) {
    if (!matches(want, r)) continue;
    auto& sum = sums[key_of(by, r)];
    sum.key = key_of(by, r);
    ++sum.requests;
    sum.errors += r.status == "error" || r.status == "refused" || r.status == "stream_failed" ? 1 : 0;
    sum.prompt_tokens += r.tokens.prompt, sum.cached_tokens += r.tokens.cached;
    sum.completion_tokens += r.tokens.completion, sum.reasoning_tokens += r.tokens.reasoning;
    sum.cost += r.cost;
  }
  std::vector<receipts::usage_row> rows;
  for (const auto& [key, sum] : sums) rows.push_back(sum);
  return rows;
}

std::string text_of(const std::vector<receipts::usage_row>& rows) {
  std::string text;
  for (const auto& u : rows) {
    text += u.key + ' ' + std::to_string(u.requests) + ' ' + std::to_string(u.errors) + ' ' +
            std::to_string(u.prompt_tokens) + ' ' + std::to_string(u.cached_tokens) + ' ' +
            std::to_string(u.completion_tokens) + ' ' + std::to_string(u.reasoning_tokens) + ' ' + u.cost.to_usd() +
            '\n';
  }
  return text;
}

TEST_P(receipts_table, usage_equals_an_independent_sum_for_any_grouping_filter_and_time) {
  std::mt19937 random(20260101);
  const auto pick = [&](std::int64_t below) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(below));
  };
  const std::vector<std::string> statuses = {"ok", "ok", "error", "refused", "stream_failed", "client_disconnected"};
  std::vector<model::receipt> all;
  for (int i = 0; i < 600; ++i) {
    auto r = receipt_of("req_" + std::to_string(i), noon + pick(40 * 3'600'000));
    r.brand_id = "brd_" + std::to_string(pick(2)), r.client_id = "cli_" + std::to_string(pick(3));
    r.token_id = "tok_" + std::to_string(pick(4)), r.provider = "p" + std::to_string(pick(3));
    r.model = pick(8) == 0 ? "" : "m" + std::to_string(pick(4)), r.alias = pick(2) == 0 ? "" : "agent/chat";
    r.status = statuses[static_cast<std::size_t>(pick(6))];
    r.tokens.prompt = pick(5'000), r.tokens.cached = pick(100), r.tokens.completion = pick(500);
    r.tokens.reasoning = pick(50), r.cost.nano_usd = pick(1'000'000'000);
    all.push_back(r);
  }
  insert(all);
  for (int round = 0; round < 60; ++round) {
    search want;
    if (pick(2) == 0) want.brand_id = "brd_1";
    if (pick(3) == 0) want.model = "m1";
    if (pick(3) == 0) want.provider = "p2";
    if (pick(4) == 0) want.status = "refused";
    if (pick(2) == 0) want.since = noon + pick(20 * 3'600'000);
    if (pick(2) == 0) want.until = noon + pick(40 * 3'600'000);
    if (pick(4) == 0) want.since -= want.since % 3'600'000;
    for (int g = 0; g <= static_cast<int>(group::hour); ++g) {
      const auto by = static_cast<group>(g);
      EXPECT_EQ(text_of(receipts::usage(*on, by, want).value()), text_of(summed(by, want, all))) << round << ' ' << g;
    }
  }
}

TEST_P(receipts_table, sums_of_many_owners_grow_with_each_batch) {
  constexpr int owners = 83, batches = 3;
  for (int batch = 0; batch < batches; ++batch) {
    std::vector<model::receipt> some;
    for (int i = 0; i < owners; ++i) {
      auto r = receipt_of("req_" + std::to_string(batch) + '_' + std::to_string(i), noon);
      r.token_id = "tok_" + std::to_string(i), r.cost.nano_usd = 1'000 * i + batch;
      some.push_back(r);
    }
    insert(some);
  }
  for (int i = 0; i < owners; ++i) {
    EXPECT_EQ(receipts::spent(*on, "token_id", "tok_" + std::to_string(i), noon - noon % 3'600'000).value().nano_usd,
              batches * 1'000 * i + 3)
        << i;
  }
  EXPECT_EQ(on->exec("SELECT COUNT(*) FROM usage_hourly").value()[0].integer(0), owners);
}

INSTANTIATE_TEST_SUITE_P(databases, receipts_table, testing::all_databases(), testing::name_of_database());

}  // namespace
}  // namespace spidergate::ledger
