#include <spidergate/catalogue/price_overrides.hpp>

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>

namespace spidergate::catalogue {
namespace {

price_overrides read(std::string_view json) {
  auto made = price_overrides::read(json);
  EXPECT_TRUE(made) << json << ": " << made.error();
  return made ? *std::move(made) : price_overrides{};
}

std::string fault_of(std::string_view json) {
  const auto made = price_overrides::read(json);
  return made ? "no fault" : made.error();
}

std::string fault_of_price(const std::string& value, const std::string& name = "input_per_mtok_usd") {
  return fault_of(R"({"openai/*":{")" + name + "\":" + value + "}}");
}

TEST(price_overrides, nothing_is_no_overrides) {
  for (const auto* nothing : {"", " \n", "{}", " { } "}) {
    EXPECT_TRUE(read(nothing).empty()) << nothing;
    EXPECT_EQ(read(nothing).find("openai", "gpt-4o"), nullptr);
  }
}

TEST(price_overrides, every_part_is_read_exactly) {
  const auto made = read(R"({"openai/gpt-audio": {
      "input_per_mtok_usd": "0.1", "output_per_mtok_usd": 0.2, "cache_read_per_mtok_usd": "0.000001",
      "cache_write_per_mtok_usd": 3, "reasoning_per_mtok_usd": "0", "audio_input_per_mtok_usd": "32.50",
      "audio_output_per_mtok_usd": 64e0, "image_usd": "0.000000001", "per_request_usd": 0.005}})");
  const auto* change = made.find("openai", "gpt-audio");
  ASSERT_NE(change, nullptr);
  const auto& parts = change->parts;
  EXPECT_EQ(parts.input->pico_usd, 100'000);
  EXPECT_EQ(parts.output->pico_usd, 200'000);
  EXPECT_EQ(parts.cache_read->pico_usd, 1);
  EXPECT_EQ(parts.cache_write->pico_usd, 3'000'000);
  EXPECT_EQ(parts.reasoning->pico_usd, 0) << "free is a price";
  EXPECT_EQ(parts.audio_input->pico_usd, 32'500'000);
  EXPECT_EQ(parts.audio_output->pico_usd, 64'000'000);
  EXPECT_EQ(parts.per_image->nano_usd, 1);
  EXPECT_EQ(parts.per_request->nano_usd, 5'000'000);
}

TEST(price_overrides, numbers_may_have_exponents_as_programs_write_them) {
  const auto price = [](const std::string& number) {
    return read(R"({"*":{"input_per_mtok_usd":)" + number + "}}").find("p", "m")->parts.input->pico_usd;
  };
  EXPECT_EQ(price("1e-05"), 10);
  EXPECT_EQ(price("1.5E-3"), 1500);
  EXPECT_EQ(price("12.5e+1"), 125'000'000);
  EXPECT_EQ(price("0.00025e4"), 2'500'000);
  EXPECT_EQ(price("1e0"), 1'000'000);
  EXPECT_EQ(price("120e-1"), 12'000'000);
  EXPECT_EQ(price("0e-30"), 0);
  EXPECT_EQ(price("2.5000000000"), 2'500'000) << "zeros are not digits too many";
}

TEST(price_overrides, the_first_pattern_that_matches_applies) {
  const auto made = read(R"({"openai/gpt-4o":{"input_per_mtok_usd":1},"gpt-4o*":{"input_per_mtok_usd":2},
      "groq/*":{},"*":{"input_per_mtok_usd":3}})");
  const auto input = [&](std::string_view provider, std::string_view model) {
    return made.find(provider, model)->parts.input;
  };
  EXPECT_EQ(input("openai", "gpt-4o")->pico_usd, 1'000'000);
  EXPECT_EQ(input("azure-openai", "gpt-4o")->pico_usd, 2'000'000);
  EXPECT_EQ(input("openai", "gpt-4o-mini")->pico_usd, 2'000'000);
  EXPECT_EQ(input("together", "meta-llama/Llama-3")->pico_usd, 3'000'000);
  EXPECT_FALSE(input("groq", "llama")) << "the list price, ahead of the rest";
}

TEST(price_overrides, patterns_may_be_written_with_escapes) {
  EXPECT_NE(read(R"({"openai\/g\u0070t-4o":{"input_per_mtok_usd":1}})").find("openai", "gpt-4o"), nullptr);
}

TEST(price_overrides, a_fault_names_the_member) {
  EXPECT_EQ(fault_of_price("\"-1\""),
            "'openai/*'.input_per_mtok_usd: '-1' is not a price in dollars per million tokens, like 0.15");
  EXPECT_EQ(fault_of_price("\"0.0000001\""),
            "'openai/*'.input_per_mtok_usd: is finer than a pico-dollar a token: at most 6 decimals are exact");
  EXPECT_EQ(fault_of_price("true"),
            "'openai/*'.input_per_mtok_usd: must be a decimal string or a number, not a boolean");
  EXPECT_EQ(fault_of_price("\"0.0000000001\"", "image_usd"),
            "'openai/*'.image_usd: '0.0000000001' is not an amount of dollars, like 0.005, with at most 9 decimals");
  EXPECT_EQ(fault_of_price("1", "input_per_mtok"),
            "'openai/*'.input_per_mtok: unknown; did you mean 'input_per_mtok_usd'?");
  EXPECT_TRUE(fault_of_price("1", "x").starts_with("'openai/*'.x: unknown; allowed are input_per_mtok_usd, output_"));
  EXPECT_EQ(fault_of(R"({"a":{"image_usd":1,"image_usd":2}})"), "'a'.image_usd: is given twice");
  EXPECT_EQ(fault_of(R"({"a":{},"\u0061":{}})"), "'a': is given twice");
  EXPECT_EQ(fault_of(R"({"a":7})"), "'a': must be an object of prices");
  EXPECT_EQ(fault_of(R"({"":{}})"), "price overrides: a pattern over provider/model has 1 to 256 bytes");
  EXPECT_EQ(fault_of("[]"), R"(price overrides must be an object of {"provider/model": {prices}}, not an array)");
  EXPECT_TRUE(fault_of("{").starts_with("price overrides are not valid JSON: "));
}

TEST(price_overrides, no_odd_number_is_a_price) {
  for (const auto* odd : {"-0.5",
                          "-1e-5",
                          "\"1e3\"",
                          "\"\"",
                          "\" 1\"",
                          "\"+1\"",
                          "\"0x1\"",
                          "\"1,5\"",
                          "\".5\"",
                          "\"5.\"",
                          "\"NaN\"",
                          "1e400",
                          "1e41",
                          "1e-41",
                          "1e99999999999",
                          "99999999999999999999",
                          "1e15",
                          "[]",
                          "{}",
                          "0.30000000000000004",
                          "-0"}) {
    for (const auto* name : {"input_per_mtok_usd", "per_request_usd"})
      EXPECT_NE(fault_of_price(odd, name), "no fault") << name << ' ' << odd;
  }
  EXPECT_EQ(fault_of_price("null"), "no fault") << "absent";
}

TEST(price_overrides, a_million_dollars_is_the_most) {
  for (const auto* name : {"input_per_mtok_usd", "per_request_usd"}) {
    EXPECT_EQ(fault_of_price("1000000", name), "no fault");
    EXPECT_EQ(fault_of_price("1000000.000001", name),
              "'openai/*'." + std::string(name) + ": '1000000.000001' is more than a million dollars");
  }
}

TEST(price_overrides, size_and_number_are_bounded) {
  const auto entries = [](int count) {
    std::string json;
    for (int i = 0; i < count; ++i) json += (i == 0 ? "{\"" : ",\"") + std::to_string(i) + "\":{}";
    return json + "}";
  };
  EXPECT_EQ(fault_of(entries(1000)), "no fault");
  EXPECT_EQ(fault_of(entries(1001)), "price overrides have more than 1000 entries");
  EXPECT_EQ(fault_of("{}" + std::string(64 * 1024 - 2, ' ')), "no fault");
  EXPECT_EQ(fault_of("{}" + std::string(64 * 1024 - 1, ' ')), "price overrides are larger than 64 KiB");
  EXPECT_EQ(fault_of("{\"" + std::string(256, 'a') + "\":{}}"), "no fault");
  const std::string long_text(60'000, 'a');
  for (const auto& json : {"{\"" + long_text + "\":{}}", "{\"a\":{\"" + long_text + "\":1}}",
                           "{\"a\":{\"image_usd\":\"" + long_text + "\"}}"}) {
    const auto fault = fault_of(json);
    EXPECT_NE(fault, "no fault");
    EXPECT_LT(fault.size(), 1000U) << "a message is no echo";
  }
}

TEST(price_overrides, random_text_is_read_or_refused) {
  std::mt19937_64 random(31);
  const std::string good = R"({"openai/*":{"input_per_mtok_usd":"0.5","image_usd":1e-3},"*":{"per_request_usd":0}})";
  int refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    auto text = good;
    for (int k = 0; k < 2; ++k) text[random() % text.size()] = static_cast<char>(random() % 128);
    if (!price_overrides::read(text)) ++refused;
  }
  EXPECT_GT(refused, 1000);
}

class random_prices {
 public:
  explicit random_prices(std::uint64_t seed) : random_(seed) {}
  std::int64_t pick(std::int64_t limit) { return std::uniform_int_distribution<std::int64_t>(0, limit)(random_); }
  std::optional<unit_price> unit() {
    return pick(2) == 0 ? std::nullopt : std::optional(unit_price{pick(100'000'000)});
  }
  std::optional<money> whole() { return pick(2) == 0 ? std::nullopt : std::optional(money{pick(100'000'000)}); }
  model::price price(int tiers) {
    model::price made;
    for (const auto each : units) made.*each = unit();
    made.per_image = whole(), made.per_request = whole();
    for (int i = 1; i <= tiers; ++i)
      made.tiers.push_back(
          {.above_tokens = i * 1000, .input = unit(), .output = unit(), .cache_read = unit(), .cache_write = unit()});
    return made;
  }
  static constexpr std::array units{&model::price::input,       &model::price::output,    &model::price::cache_read,
                                    &model::price::cache_write, &model::price::reasoning, &model::price::audio_input,
                                    &model::price::audio_output};

 private:
  std::mt19937_64 random_;
};

TEST(price_change, property_over_keeps_absent_parts_and_replaces_given_ones_in_every_tier) {
  random_prices random(37);
  for (int round = 0; round < 20'000; ++round) {
    const auto list = random.price(static_cast<int>(random.pick(3)));
    const price_change change{random.price(0)};
    const auto made = change.over(list);
    for (const auto each : random_prices::units)
      ASSERT_EQ(made.*each, change.parts.*each ? change.parts.*each : list.*each);
    ASSERT_EQ(made.per_image, change.parts.per_image ? change.parts.per_image : list.per_image);
    ASSERT_EQ(made.per_request, change.parts.per_request ? change.parts.per_request : list.per_request);
    ASSERT_EQ(made.tiers.size(), list.tiers.size());
    for (std::size_t i = 0; i < made.tiers.size(); ++i) {
      using tier = model::price::tier;
      const auto kept = [&](std::optional<unit_price> tier::* of, std::optional<unit_price> model::price::* base) {
        return made.tiers[i].*of == (change.parts.*base ? std::nullopt : list.tiers[i].*of);
      };
      ASSERT_EQ(made.tiers[i].above_tokens, list.tiers[i].above_tokens);
      ASSERT_TRUE(kept(&tier::input, &model::price::input) && kept(&tier::output, &model::price::output));
      ASSERT_TRUE(kept(&tier::cache_read, &model::price::cache_read));
      ASSERT_TRUE(kept(&tier::cache_write, &model::price::cache_write));
    }
    ASSERT_EQ(price_change{}.over(list), list);
    ASSERT_EQ(change.over(made), made) << "applying it twice changes nothing";
  }
}

TEST(price_change, an_agreed_price_holds_for_long_prompts_too) {
  model::price list;
  list.input = unit_price{1'000'000}, list.output = unit_price{2'000'000};
  list.tiers.push_back({.above_tokens = 1000,
                        .input = unit_price{4'000'000},
                        .output = unit_price{8'000'000},
                        .cache_read = {},
                        .cache_write = {}});
  price_change change;
  change.parts.input = unit_price{500'000};
  model::usage used;
  used.prompt = 2000, used.completion = 10;
  EXPECT_EQ(cost_of(used, change.over(list)).nano_usd, 2000 * 500 + 10 * 8000);
}

}  // namespace
}  // namespace spidergate::catalogue
