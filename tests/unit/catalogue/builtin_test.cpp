#include "builtin.hpp"

#include "csv.hpp"
#include "embedded.hpp"

#include <spidergate/catalogue/catalogue.hpp>
#include <spidergate/core/glob.hpp>

#include <gtest/gtest.h>

#include <set>

namespace spidergate::catalogue {
namespace {

const catalogue& builtin() {
  static const auto data = catalogue::build({});
  return **data;
}

TEST(builtin, every_row_is_there) {
  EXPECT_EQ(builtin().providers().size(), 193U);
  EXPECT_EQ(builtin().models().size(), 6583U);
  EXPECT_EQ(builtin().aliases().size(), 26U);
}

TEST(builtin, every_model_belongs_to_a_provider_and_is_found_by_its_name) {
  for (const auto& entry : builtin().models()) {
    ASSERT_NE(builtin().find_provider(entry.provider), nullptr) << entry.provider;
    ASSERT_EQ(builtin().find_model(entry.provider, entry.id), &entry) << entry.provider << '/' << entry.id;
    const auto named = builtin().models_named(entry.id);
    EXPECT_NE(std::find(named.begin(), named.end(), &entry), named.end()) << entry.id;
  }
}

TEST(builtin, every_provider_is_callable) {
  for (const auto& p : builtin().providers()) {
    EXPECT_TRUE(p.base_url.starts_with("https://") || p.base_url.starts_with("http://")) << p.id;
    EXPECT_FALSE(p.base_url.ends_with('/')) << p.id;
    EXPECT_FALSE(p.dialect.empty()) << p.id;
    EXPECT_FALSE(p.endpoints.empty()) << p.id;
    EXPECT_FALSE(p.from_config) << p.id;
    EXPECT_EQ(builtin().find_provider(p.id), &p);
    const bool named = p.auth == auth_style::header || p.auth == auth_style::query || p.auth == auth_style::scheme;
    EXPECT_EQ(p.auth_name.empty(), !named) << p.id;
  }
}

TEST(builtin, every_model_with_a_dialect_of_its_own_has_an_address_for_it) {
  for (const auto& entry : builtin().models()) {
    if (entry.dialect.empty()) continue;
    const auto& owner = *builtin().find_provider(entry.provider);
    const auto& spoken = owner.in_dialect(entry.dialect);
    EXPECT_EQ(spoken.dialect, entry.dialect) << entry.provider << '/' << entry.id;
    EXPECT_EQ(spoken.id, owner.id);
  }
}

TEST(builtin, a_variant_is_its_provider_at_another_address) {
  const auto& azure = *builtin().find_provider("azure-openai");
  const auto& claude = azure.in_dialect("anthropic");
  EXPECT_EQ(claude.id, "azure-openai");
  EXPECT_EQ(claude.base_url, "https://{resource}.services.ai.azure.com/anthropic/v1");
  EXPECT_EQ(claude.auth_name, "x-api-key");
  EXPECT_EQ(&azure.in_dialect(""), &azure);
  EXPECT_EQ(&azure.in_dialect("azure-openai"), &azure);
  EXPECT_EQ(&azure.in_dialect("gemini"), &azure);
}

TEST(builtin, an_exchanged_credential_has_a_place_to_be_exchanged_at) {
  for (const auto& p : builtin().providers()) {
    // A service key of SAP AI Core names its own.
    if (p.auth == auth_style::oauth2 && p.id != "sap-ai-core") EXPECT_TRUE(p.token_url.starts_with("https://")) << p.id;
    if (p.auth != auth_style::oauth2) EXPECT_TRUE(p.token_url.empty()) << p.id;
  }
  EXPECT_EQ(builtin().find_provider("vertex")->in_dialect("openai").token_url, "https://oauth2.googleapis.com/token");
}

const model::price& price_of(std::string_view provider, std::string_view model) {
  return *builtin().find_model(provider, model)->price;
}

TEST(builtin, prices_of_every_kind_are_read) {
  const auto& image = price_of("openai", "gpt-image-1");
  EXPECT_EQ(image.image_input->to_usd_per_million(), "10");
  EXPECT_EQ(image.image_output->to_usd_per_million(), "40");
  EXPECT_EQ(model::image_price(image, "high_1024x1536"), money::from_usd("0.25"));
  EXPECT_EQ(model::image_price(price_of("openai", "dall-e-3"), "hd_1024x1024"), money::from_usd("0.079995863"))
      << "by the pixel";
  EXPECT_EQ(price_of("anthropic", "claude-fable-5").cache_write_1h->to_usd_per_million(), "20");
  EXPECT_EQ(price_of("deepgram", "nova-3").per_second_in, unit_price::from_usd_per_unit("0.00007167"));
  EXPECT_EQ(price_of("openai", "tts-1").per_character_in, unit_price::from_usd_per_unit("0.000015"));
  EXPECT_EQ(price_of("azure-ai-foundry", "cohere-rerank-v3.5").per_search, money::from_usd("0.002"));
  EXPECT_EQ(price_of("openrouter", "anthropic/claude-haiku-4.5").per_web_search, money::from_usd("0.01"));
}

TEST(builtin, a_price_that_lists_give_twice_is_charged_once) {
  const auto& whisper = price_of("openai", "whisper-1");
  EXPECT_TRUE(whisper.per_second_in);
  EXPECT_FALSE(whisper.per_second_out);
  EXPECT_FALSE(price_of("vertex", "text-embedding-005").per_character_in) << "charged by the token";
}

TEST(builtin, every_alias_entry_is_a_model_of_the_catalogue) {
  for (const auto& alias : builtin().aliases()) {
    EXPECT_FALSE(alias.chain.empty());
    for (const auto& entry : alias.chain) {
      const auto slash = entry.find('/');
      EXPECT_NE(builtin().find_model(entry.substr(0, slash), entry.substr(slash + 1)), nullptr) << entry;
    }
  }
}

TEST(builtin, chains_keep_their_rank) {
  const auto* coding = builtin().find_alias("spideriq/coding");
  ASSERT_NE(coding, nullptr);
  EXPECT_EQ(coding->chain, (std::vector<std::string>{"anthropic/claude-sonnet-5", "mistral/codestral-latest",
                                                     "groq/llama-3.3-70b-versatile", "moonshot/kimi-k2.7-code",
                                                     "codestral/codestral-latest"}));
}

TEST(builtin, every_synonym_and_pattern_leads_somewhere) {
  const auto data = read_builtin();
  std::set<std::string> names;
  for (const auto& synonym : data.synonyms) {
    EXPECT_TRUE(names.insert(synonym.name).second) << synonym.name;
    const auto slash = synonym.target.find('/');
    EXPECT_NE(builtin().find_model(synonym.target.substr(0, slash), synonym.target.substr(slash + 1)), nullptr)
        << synonym.target;
    EXPECT_EQ(builtin().find_synonym(synonym.name), synonym.target);
  }
  for (const auto& pattern : builtin().builtin_patterns())
    EXPECT_NE(builtin().find_provider(pattern.provider), nullptr) << pattern.match;
  EXPECT_EQ(builtin().find_synonym("llama-3.1-70b-groq"), "groq/llama-3.3-70b-versatile");
  EXPECT_FALSE(builtin().find_synonym("llama-3.1-70b-nowhere"));
}

TEST(builtin, prices_are_those_of_the_table) {
  csv_table table(embedded::models());
  const auto provider = table.column("provider"), id = table.column("model"),
             input = table.column("input_per_mtok_usd"), output = table.column("output_per_mtok_usd");
  std::size_t compared = 0;
  while (table.next()) {
    const auto& price = *builtin().find_model(table[provider], table[id])->price;
    for (const auto& [text, read] : {std::pair{table[input], price.input}, std::pair{table[output], price.output}}) {
      ASSERT_EQ(text.empty(), !read.has_value()) << table[id];
      if (text.empty() || text.substr(std::min(text.find('.'), text.size())).size() > 7) continue;
      EXPECT_EQ(read->to_usd_per_million(), text) << table[id];
      ++compared;
    }
  }
  EXPECT_GT(compared, 10'000U);
}

TEST(builtin, a_model_has_what_its_row_says) {
  const auto& mini = *builtin().find_model("openai", "gpt-4o-mini");
  EXPECT_EQ(mini.price->input->to_usd_per_million(), "0.15");
  EXPECT_EQ(mini.price->output->to_usd_per_million(), "0.6");
  EXPECT_EQ(mini.price->cache_read->to_usd_per_million(), "0.075");
  EXPECT_EQ(mini.mode, mode::chat);
  EXPECT_TRUE(mini.tools && mini.json_schema && mini.image_in && mini.pdf_in && mini.capabilities_stated);
  EXPECT_FALSE(mini.audio_in);
  EXPECT_EQ(mini.context, 128'000);
  EXPECT_TRUE(builtin().find_model("openai", "gpt-5.5-pro")->api == own_endpoint::responses);
  EXPECT_TRUE(builtin().find_model("openai", "gpt-5.5-pro")->no_temperature);
  EXPECT_EQ(builtin().find_model("perplexity", "sonar-deep-research")->price->per_request->to_usd(), "0.005");
  EXPECT_EQ(builtin().find_model("openai", "text-embedding-3-small")->mode, mode::embedding);
}

TEST(builtin, rows_that_say_the_same_share_a_price) {
  std::set<const model::price*> different;
  for (const auto& entry : builtin().models()) different.insert(&*entry.price);
  EXPECT_LT(different.size(), builtin().models().size() / 2);
}

TEST(builtin, sound_images_and_reasoning_have_the_prices_of_other_price) {
  const auto& audio = *builtin().find_model("openai", "gpt-4o-audio-preview")->price;
  EXPECT_EQ(audio.input->to_usd_per_million(), "2.5");
  EXPECT_EQ(audio.audio_input->to_usd_per_million(), "40");
  EXPECT_EQ(audio.audio_output->to_usd_per_million(), "80");
  const auto& image = *builtin().find_model("fal", "fal-ai/flux/schnell")->price;
  EXPECT_EQ(image.per_image->to_usd(), "0.003");
  EXPECT_TRUE(image.known());
  EXPECT_EQ(builtin().find_model("dashscope", "qwen-plus")->price->reasoning->to_usd_per_million(), "4");
}

TEST(builtin, no_price_is_absurd) {
  for (const auto& entry : builtin().models()) {
    EXPECT_LE(entry.price->per_image.value_or(money{}), *money::from_usd("2")) << entry.provider << ' ' << entry.id;
    EXPECT_LE(entry.price->per_request.value_or(money{}), *money::from_usd("2")) << entry.provider << ' ' << entry.id;
    for (const auto& part :
         {entry.price->input, entry.price->output, entry.price->audio_input, entry.price->audio_output})
      EXPECT_LE(part.value_or(unit_price{}), *unit_price::from_usd_per_million("1000"))
          << entry.provider << ' ' << entry.id;
  }
}

TEST(builtin, tiers_are_read_in_tokens) {
  const auto& tiers = builtin().find_model("openai", "gpt-5.5")->price->tiers;
  ASSERT_EQ(tiers.size(), 1U);
  EXPECT_EQ(tiers[0].above_tokens, 272'000);
  EXPECT_EQ(tiers[0].input->to_usd_per_million(), "10");
  EXPECT_EQ(tiers[0].output->to_usd_per_million(), "45");
  EXPECT_EQ(tiers[0].cache_read->to_usd_per_million(), "1");
  EXPECT_FALSE(tiers[0].cache_write);
}

TEST(builtin, quirks_that_matter_are_typed) {
  using renames = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(builtin().find_provider("mistral")->renames,
            (renames{{"max_completion_tokens", "max_tokens"}, {"seed", "random_seed"}}));
  const auto& groq = *builtin().find_provider("groq");
  EXPECT_EQ(groq.renames, (renames{{"messages[].reasoning_content", "messages[].reasoning"}}));
  EXPECT_TRUE(std::find(groq.drops.begin(), groq.drops.end(), "logit_bias") != groq.drops.end());
  EXPECT_EQ(groq.trait("reasoning"), "effort");
  EXPECT_EQ(groq.trait("history"), "");
  EXPECT_EQ(builtin().find_provider("together")->renames, renames{}) << "what only another gateway does is no rename";
  EXPECT_EQ(builtin().find_provider("anthropic")->renames, renames{}) << "another dialect's adapter does its own";
  EXPECT_EQ(builtin().find_provider("gemini")->key_env_aliases,
            (std::vector<std::string>{"GOOGLE_API_KEY", "GOOGLE_GENERATIVE_AI_API_KEY"}));
  EXPECT_EQ(builtin().find_provider("302ai")->key_env_aliases, std::vector<std::string>{"AI302_API_KEY"});
  EXPECT_EQ(builtin().find_provider("gemini")->auth, auth_style::header) << "a key in an address ends up in logs";
  EXPECT_EQ(builtin().find_provider("gemini")->auth_name, "x-goog-api-key");
  EXPECT_TRUE(builtin().find_provider("ollama")->auth == auth_style::none);
  EXPECT_NE(builtin().find_provider("cloudflare")->base_url.find("{account_id}"), std::string::npos);
}

TEST(builtin, the_maker_of_a_model_stands_before_resellers) {
  const std::pair<std::string_view, std::string_view> makers[] = {{"gpt-4o", "openai"},
                                                                  {"claude-sonnet-4-6", "anthropic"},
                                                                  {"gemini-2.5-flash", "gemini"},
                                                                  {"deepseek-v4-pro", "deepseek"}};
  for (const auto& [model, maker] : makers) {
    const auto named = builtin().models_named(model);
    ASSERT_GT(named.size(), 1U) << model;
    EXPECT_EQ(named[0]->provider, maker);
    for (std::size_t i = 1; i < named.size(); ++i)
      EXPECT_GE(builtin().find_provider(named[i - 1]->provider)->priority,
                builtin().find_provider(named[i]->provider)->priority);
  }
  EXPECT_TRUE(builtin().models_named("no-such-model").empty());
}

TEST(builtin, models_ending_in_ignores_case_and_vendor) {
  const auto found = builtin().models_ending_in("LLAMA-3.3-70b-instruct");
  ASSERT_FALSE(found.empty());
  for (const auto* entry : found) EXPECT_TRUE(entry->id.ends_with("nstruct")) << entry->id;
  EXPECT_TRUE(builtin().models_ending_in("no-such-model").empty());
  EXPECT_TRUE(builtin().models_ending_in("").empty());
}

TEST(auth, is_read_from_its_text_form) {
  EXPECT_EQ(parse_auth("bearer")->first, auth_style::bearer);
  EXPECT_EQ(parse_auth("header:x-api-key")->second, "x-api-key");
  EXPECT_EQ(parse_auth("scheme:raw")->first, auth_style::scheme);
  for (const std::string_view wrong :
       {"", "Bearer", "header", "header:", "header:a b", "query:k\r\n", "bearer:x", "scheme:a:b"})
    EXPECT_FALSE(parse_auth(wrong)) << wrong;
}

TEST(builtin, mode_is_known_by_its_name_and_named_as_it_is_known) {
  for (const auto one : {mode::chat, mode::embedding, mode::image, mode::audio_speech, mode::audio_transcription,
                         mode::rerank, mode::moderation}) {
    EXPECT_FALSE(name_of(one).empty());
    EXPECT_EQ(parse_mode(name_of(one)), one);
  }
  EXPECT_EQ(parse_mode("smell"), std::nullopt);
}

}  // namespace
}  // namespace spidergate::catalogue
