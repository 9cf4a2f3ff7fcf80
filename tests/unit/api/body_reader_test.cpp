#include "admin/body_reader.hpp"

#include "admin/json_documents.hpp"
#include "admin/limit_fields.hpp"

#include <gtest/gtest.h>

namespace spidergate::api {
namespace {

/// What the first fault names, or "".
template <class Read>
std::string param_at_fault(std::string_view body, Read read) {
  body_reader from(body);
  read(from);
  const auto found = from.finish("a test");
  return found ? found->param : std::string();
}

TEST(body_reader, an_absent_member_stays_unset_and_null_is_back_to_none) {
  limit_fields limits;
  body_reader from(R"({"rpm": null, "tpm": -1, "budget_daily_usd": null})");
  limits.read(from);
  ASSERT_FALSE(from.finish("a test"));
  EXPECT_EQ(limits.rpm, 0);
  EXPECT_EQ(limits.tpm, -1);
  EXPECT_FALSE(limits.rpd);
  EXPECT_EQ(limits.daily, money{});
  EXPECT_FALSE(limits.weekly);

  store::limit_set set{.rpm = 5, .rpd = 6, .tpm = 7};
  set.daily = {1'000};
  set.weekly = {2'000};
  limits.apply_to(set);
  EXPECT_EQ(set.rpm, 0);
  EXPECT_EQ(set.rpd, 6);
  EXPECT_EQ(set.daily, money{});
  EXPECT_EQ(set.weekly, money{2'000});
}

TEST(body_reader, money_is_exact_as_text_and_as_number) {
  for (const auto* said : {R"({"a": "0.000000001"})", R"({"a": 0.000000001})"}) {
    std::optional<money> amount;
    EXPECT_EQ(param_at_fault(said, [&](auto& from) { from.usd("a", amount); }), "") << said;
    EXPECT_EQ(amount, money{1}) << said;
  }
  for (const auto* said : {R"({"a": -1})", R"({"a": "-0.1"})", R"({"a": 1e3})", R"({"a": "a lot"})", R"({"a": true})",
                           R"({"a": 0.0000000001})"}) {
    std::optional<money> amount;
    EXPECT_EQ(param_at_fault(said, [&](auto& from) { from.usd("a", amount); }), "a") << said;
    EXPECT_FALSE(amount) << said;
  }
}

TEST(body_reader, each_wrong_member_is_named) {
  std::optional<std::string> text;
  std::optional<bool> flag;
  std::optional<std::int64_t> number;
  std::optional<std::vector<std::string>> list;
  EXPECT_EQ(param_at_fault(R"({"a": " x"})", [&](auto& from) { from.line("a", text); }), "a");
  EXPECT_EQ(param_at_fault(R"({"a": ""})", [&](auto& from) { from.line("a", text); }), "a");
  EXPECT_EQ(param_at_fault(R"({"a": "x\ny"})", [&](auto& from) { from.line("a", text); }), "a");
  EXPECT_EQ(param_at_fault(R"({"a": "maybe"})", [&](auto& from) { from.word("a", text, {"yes", "no"}); }), "a");
  EXPECT_EQ(param_at_fault(R"({"a": "true"})", [&](auto& from) { from.flag("a", flag); }), "a");
  EXPECT_EQ(param_at_fault(R"({"a": 1.5})", [&](auto& from) { from.whole("a", number); }), "a");
  EXPECT_EQ(param_at_fault(R"({"a": -2})", [&](auto& from) { from.whole("a", number, -1); }), "a");
  EXPECT_EQ(param_at_fault(R"({"a": ["b c"]})", [&](auto& from) { from.names("a", list); }), "a");
  EXPECT_EQ(param_at_fault(R"({"a": ["b", 1]})", [&](auto& from) { from.names("a", list); }), "a");
  EXPECT_EQ(param_at_fault(R"({"a": ["b", "c"]})", [&](auto& from) { from.names("a", list, 1); }), "a");
  EXPECT_FALSE(text || flag || number || list);
}

TEST(body_reader, unknown_and_doubled_members_are_refused) {
  std::optional<std::int64_t> rpm;
  EXPECT_EQ(param_at_fault(R"({"rpm": 1, "rmp": 2})", [&](auto& from) { from.whole("rpm", rpm); }), "rmp");
  EXPECT_EQ(param_at_fault(R"({"rpm": 1, "rpm": 2})", [&](auto& from) { from.whole("rpm", rpm); }), "rpm");
}

TEST(body_reader, what_is_no_object_is_no_body_but_nothing_is_an_empty_one) {
  for (const auto* said : {"[]", "1", "{", "null", "{\"a\":}", "\xff"}) {
    body_reader from(said);
    const auto found = from.finish("a test");
    ASSERT_TRUE(found) << said;
    EXPECT_EQ(found->code, model::api_errc::invalid_json) << said;
  }
  EXPECT_EQ(param_at_fault("", [](auto&) {}), "");
}

TEST(body_reader, times_are_iso_or_epoch) {
  constexpr epoch_ms noon = 1'801'396'800'000;  // 2027-01-31T12:00:00Z
  EXPECT_EQ(parse_iso8601("2027-01-31T12:00:00Z"), noon);
  EXPECT_EQ(parse_iso8601("2027-01-31T12:00:00.250Z"), noon + 250);
  EXPECT_EQ(parse_iso8601("2027-01-31T13:30:00+01:30"), noon);
  EXPECT_EQ(parse_iso8601("2027-01-31T07:00:00-0500"), noon);
  EXPECT_EQ(parse_iso8601("2027-01-31"), noon - day_ms / 2);
  EXPECT_EQ(to_iso8601(*parse_iso8601("2024-02-29T23:59:59.999Z")), "2024-02-29T23:59:59.999Z");
  for (const auto* said :
       {"", "2027", "2027-02-29", "2027-13-01", "2027-01-31T12:00:00", "2027-01-31T24:00:00Z", "2027-01-31T12:00:00.Z",
        "2027-01-31T12:00:00+1:00", "1969-12-31T00:00:00Z", "2027-01-31T12:00:00Zjunk", "2027-01-31T12-00-00Z"})
    EXPECT_FALSE(parse_iso8601(said)) << said;

  for (const auto* said : {R"({"a": 1801396800})", R"({"a": 1801396800000})", R"({"a": "2027-01-31T12:00:00Z"})"}) {
    std::optional<epoch_ms> time;
    EXPECT_EQ(param_at_fault(said, [&](auto& from) { from.moment("a", time); }), "") << said;
    EXPECT_EQ(time, noon) << said;
  }
}

std::string merged(std::string_view base, std::string_view patch) {
  std::string text(patch);
  text.reserve(text.size() + 64);
  json::reader reader;
  EXPECT_TRUE(reader.read(text));
  return merge_patch(base, reader.root());
}

/// The cases of RFC 7396, appendix A, whose target is an object.
TEST(merge_patch, follows_rfc_7396) {
  EXPECT_EQ(merged(R"({"a":"b"})", R"({"a":"c"})"), R"({"a":"c"})");
  EXPECT_EQ(merged(R"({"a":"b"})", R"({"b":"c"})"), R"({"a":"b","b":"c"})");
  EXPECT_EQ(merged(R"({"a":"b"})", R"({"a":null})"), R"({})");
  EXPECT_EQ(merged(R"({"a":"b","b":"c"})", R"({"a":null})"), R"({"b":"c"})");
  EXPECT_EQ(merged(R"({"a":["b"]})", R"({"a":"c"})"), R"({"a":"c"})");
  EXPECT_EQ(merged(R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})"), R"({"a":{"b":"d"}})");
  EXPECT_EQ(merged(R"({"a":[{"b":"c"}]})", R"({"a":[1]})"), R"({"a":[1]})");
  EXPECT_EQ(merged(R"({"e":null})", R"({"a":1})"), R"({"e":null,"a":1})");
  EXPECT_EQ(merged("", R"({"a":{"bb":{"ccc":null}}})"), R"({"a":{"bb":{}}})");
}

TEST(document_change, is_applied_only_when_the_whole_is_sound) {
  body_reader from(R"({"doc": {"b": 2}})");
  document_change change;
  change.read(from, "doc");
  ASSERT_FALSE(from.finish("a test"));
  std::string stored = R"({"a":1})";
  const auto refused = change.apply_to(stored, [](std::string_view) { return std::optional<std::string>("no"); });
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->param, "doc");
  EXPECT_EQ(stored, R"({"a":1})");
  EXPECT_FALSE(change.apply_to(stored, [](std::string_view) { return std::optional<std::string>(); }));
  EXPECT_EQ(stored, R"({"a":1,"b":2})");
}

TEST(document_change, null_empties_and_a_price_that_makes_no_sense_is_refused) {
  document_change gone;
  body_reader from(R"({"doc": null})");
  gone.read(from, "doc");
  std::string stored = R"({"a":1})";
  EXPECT_FALSE(gone.apply_to(stored, check_price_overrides));
  EXPECT_EQ(stored, "");

  body_reader other(R"({"doc": {"openai/*": {"input_per_mtok_usd": "-1"}}})");
  document_change wrong;
  wrong.read(other, "doc");
  EXPECT_TRUE(wrong.apply_to(stored, check_price_overrides));
}

}  // namespace
}  // namespace spidergate::api
