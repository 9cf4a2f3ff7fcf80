#include <spidergate/catalogue/catalogue.hpp>

#include <gtest/gtest.h>

namespace spidergate::catalogue {
namespace {

overlay::provider_change server(std::string id) {
  overlay::provider_change change;
  change.id = std::move(id);
  change.dialect = "openai";
  change.base_url = "http://10.0.0.5:8000/v1";
  return change;
}

overlay with(overlay::provider_change change) {
  overlay changes;
  changes.providers.push_back(std::move(change));
  return changes;
}

overlay with_aliases(std::vector<alias_entry> aliases) {
  overlay changes;
  changes.aliases = std::move(aliases);
  return changes;
}

std::string fault_of(const overlay& changes) {
  const auto built = catalogue::build(changes);
  return built ? "no fault" : built.error();
}

std::shared_ptr<const catalogue> built(const overlay& changes) {
  auto made = catalogue::build(changes);
  EXPECT_TRUE(made) << made.error();
  return *made;
}

std::string preferred(const overlay& changes) {
  return built(changes)->models_named("gpt-4o")[0]->provider;
}

TEST(overlay, a_new_provider_needs_only_dialect_and_base_url) {
  auto change = server("my-vllm");
  change.auth = "none";
  change.base_url = "http://10.0.0.5:8000/v1/";
  change.models.emplace_back().name = "qwen3";
  change.models[0].input_per_mtok_usd = "0";
  change.models[0].output_per_mtok_usd = "0.25";
  change.models[0].context = 32768;
  const auto data = built(with(change));
  const auto* p = data->find_provider("my-vllm");
  ASSERT_NE(p, nullptr);
  EXPECT_TRUE(p->from_config);
  EXPECT_EQ(p->base_url, "http://10.0.0.5:8000/v1");
  EXPECT_EQ(p->auth, auth_style::none);
  EXPECT_TRUE(p->has_endpoint("embeddings")) << "nothing is known about an operator's own server";
  const auto* m = data->find_model("my-vllm", "qwen3");
  ASSERT_NE(m, nullptr);
  EXPECT_TRUE(m->price->known());
  EXPECT_EQ(m->price->output->to_usd_per_million(), "0.25");
  EXPECT_EQ(m->context, 32768);
  EXPECT_FALSE(m->capabilities_stated);
  EXPECT_EQ(data->models_named("qwen3")[0], m);
  EXPECT_EQ(data->models().size(), 6584U);
}

TEST(overlay, an_own_server_is_preferred_for_the_models_it_lists) {
  auto change = server("my-vllm");
  change.models.emplace_back().name = "gpt-4o";
  EXPECT_EQ(preferred(with(change)), "my-vllm");
  change.priority = 1;
  EXPECT_EQ(preferred(with(change)), "openai");
}

TEST(overlay, a_base_url_and_an_auth_hold_for_the_other_dialects_of_a_provider_too) {
  overlay::provider_change change;
  change.id = "azure-openai";
  change.base_url = "http://127.0.0.1:9000/openai";
  auto data = built(with(change));
  const auto& moved = data->find_provider("azure-openai")->in_dialect("anthropic");
  EXPECT_EQ(moved.base_url, "http://127.0.0.1:9000/openai");
  EXPECT_TRUE(moved.from_config);
  EXPECT_EQ(moved.auth_name, "x-api-key");
  change.base_url.reset();
  change.auth = "bearer";
  data = built(with(change));
  const auto& changed = data->find_provider("azure-openai")->in_dialect("anthropic");
  EXPECT_EQ(changed.base_url, "https://{resource}.services.ai.azure.com/anthropic/v1");
  EXPECT_EQ(changed.auth, auth_style::bearer);
  EXPECT_EQ(changed.auth_name, "");
}

TEST(overlay, every_kind_of_price_can_be_set) {
  overlay::provider_change change;
  change.id = "openai";
  change.models.emplace_back().name = "dall-e-3";
  change.models[0].further_prices = {{"per_pixel_usd", "0.00000002"},      {"per_second_in_usd", "0.0001"},
                                     {"per_character_in_usd", "0.000015"}, {"per_search_usd", "0.002"},
                                     {"image_output_per_mtok_usd", "40"},  {"cache_write_1h_per_mtok_usd", "6"}};
  const auto data = built(with(change));
  const auto& price = *data->find_model("openai", "dall-e-3")->price;
  EXPECT_EQ(price.per_pixel, pixel_price::from_usd("0.00000002"));
  EXPECT_TRUE(price.image_rates.empty()) << "an agreed price of an image is that of every image";
  EXPECT_EQ(price.per_second_in, unit_price::from_usd_per_unit("0.0001"));
  EXPECT_EQ(price.per_search, money::from_usd("0.002"));
  EXPECT_EQ(price.image_output->to_usd_per_million(), "40");
  EXPECT_EQ(price.cache_write_1h->to_usd_per_million(), "6");
  change.models[0].further_prices = {{"per_second_in_usd", "-1"}};
  EXPECT_EQ(fault_of(with(change)),
            "providers.openai.models.dall-e-3.per_second_in_usd: '-1' is not an amount of dollars, like 0.000015");
}

TEST(overlay, an_own_server_without_models_is_asked_for_them) {
  auto change = server("my-vllm");
  const auto asked = [&] { return built(with(change))->find_provider("my-vllm")->discover; };
  EXPECT_TRUE(asked());
  change.models.emplace_back().name = "qwen3";
  EXPECT_FALSE(asked());
  change.discover = true;
  EXPECT_TRUE(asked());
  change.models.clear();
  change.discover = false;
  EXPECT_FALSE(asked());
  overlay::provider_change other;
  other.id = "vllm";
  EXPECT_FALSE(built(with(other))->find_provider("vllm")->discover) << "nobody said where it is";
  other.base_url = "http://10.0.0.5:8000/v1";
  EXPECT_TRUE(built(with(other))->find_provider("vllm")->discover);
  other.id = "openai";
  EXPECT_FALSE(built(with(other))->find_provider("openai")->discover) << "its models are known";
}

TEST(overlay, an_hour_of_a_machine_has_a_price) {
  auto change = server("my-vllm");
  change.gpu_hour_usd = "2.49";
  EXPECT_EQ(built(with(change))->find_provider("my-vllm")->gpu_hour, money::from_usd("2.49"));
  for (const auto* bad : {"-1", "much", "1000001"}) {
    change.gpu_hour_usd = bad;
    EXPECT_EQ(fault_of(with(change)), "providers.my-vllm.gpu_hour_usd: '" + std::string(bad) +
                                          "' is not an amount of dollars for an hour, like 2.49");
  }
}

TEST(catalogue, what_servers_list_is_added_to_what_is_known) {
  auto change = server("my-vllm");
  change.models.emplace_back().name = "qwen3";
  change.models[0].context = 32'768;
  const auto base = built(with(change));
  std::vector<model_entry> found(3);
  found[0].provider = "my-vllm", found[0].id = "new", found[0].context = 4096;
  found[1].provider = "my-vllm", found[1].id = "qwen3";
  found[2].provider = "nobody", found[2].id = "lost";
  const auto data = catalogue::with_discovered(*base, found);
  EXPECT_EQ(data->models().size(), base->models().size() + 1);
  ASSERT_NE(data->find_model("my-vllm", "new"), nullptr);
  EXPECT_TRUE(data->find_model("my-vllm", "new")->discovered);
  EXPECT_EQ(data->models_named("new")[0]->context, 4096);
  EXPECT_EQ(data->find_model("my-vllm", "qwen3")->context, 32'768) << "what the operator says stays";
  EXPECT_NE(data->find_alias("spideriq/coding"), nullptr);
}

TEST(overlay, a_token_url_and_a_models_dialect_can_be_set) {
  overlay::provider_change change;
  change.id = "vertex";
  change.token_url = "http://127.0.0.1:9000/token?tenant=1";
  change.models.emplace_back().name = "claude-mine";
  change.models[0].dialect = "anthropic";
  const auto data = built(with(change));
  EXPECT_EQ(data->find_provider("vertex")->token_url, "http://127.0.0.1:9000/token?tenant=1");
  EXPECT_EQ(data->find_provider("vertex")->in_dialect("openai").token_url, "http://127.0.0.1:9000/token?tenant=1");
  EXPECT_EQ(data->find_model("vertex", "claude-mine")->dialect, "anthropic");
  change.models[0].dialect = "antropic";
  EXPECT_EQ(fault_of(with(change)),
            "providers.vertex.models.claude-mine.dialect: there is no dialect 'antropic' (did you mean 'anthropic'?)");
  change.models.clear();
  change.token_url = "vertex.example.com";
  EXPECT_EQ(fault_of(with(change)),
            "providers.vertex.token_url: 'vertex.example.com' is not a URL like https://host/token");
}

TEST(overlay, another_base_url_marks_a_built_in_provider_as_configured) {
  overlay::provider_change change;
  change.id = "openai";
  change.base_url = "http://127.0.0.1:9000/v1";
  const auto data = built(with(change));
  const auto* p = data->find_provider("openai");
  EXPECT_TRUE(p->from_config);
  EXPECT_EQ(p->dialect, "openai");
  EXPECT_EQ(p->key_env, "OPENAI_API_KEY");
}

TEST(overlay, other_changes_do_not) {
  overlay::provider_change change;
  change.id = "openai";
  change.priority = 5;
  change.on_disconnect = "drain";
  const auto data = built(with(change));
  EXPECT_FALSE(data->find_provider("openai")->from_config);
  EXPECT_EQ(data->find_provider("openai")->disconnect, on_disconnect::drain);
  EXPECT_NE(data->models_named("gpt-4o")[0]->provider, "openai");
}

TEST(overlay, a_price_of_the_operator_replaces_the_built_in_one_and_its_tiers) {
  overlay::provider_change change;
  change.id = "openai";
  change.models.emplace_back().name = "gpt-5.5";
  change.models[0].input_per_mtok_usd = "1.5";
  const auto data = built(with(change));
  const auto* m = data->find_model("openai", "gpt-5.5");
  EXPECT_EQ(m->price->input->to_usd_per_million(), "1.5");
  EXPECT_EQ(m->price->output->to_usd_per_million(), "30");
  EXPECT_TRUE(m->price->tiers.empty());
  EXPECT_TRUE(m->tools) << "the rest of the row stays";
  EXPECT_EQ(data->models().size(), 6583U);
}

TEST(overlay, every_part_of_a_price_can_be_the_operators) {
  overlay::provider_change change;
  change.id = "openai";
  auto& model = change.models.emplace_back();
  model.name = "gpt-5.5";
  model.cache_read_per_mtok_usd = "0.1", model.cache_write_per_mtok_usd = "0.2", model.reasoning_per_mtok_usd = "0.3";
  model.audio_input_per_mtok_usd = "0.4", model.audio_output_per_mtok_usd = "0.5";
  model.image_usd = "0.04", model.per_request_usd = "0.005";
  const auto data = built(with(change));
  const auto& price = *data->find_model("openai", "gpt-5.5")->price;
  EXPECT_EQ(price.input->to_usd_per_million(), "5") << "the rest of the price stays";
  EXPECT_EQ(price.cache_read->to_usd_per_million(), "0.1");
  EXPECT_EQ(price.cache_write->to_usd_per_million(), "0.2");
  EXPECT_EQ(price.reasoning->to_usd_per_million(), "0.3");
  EXPECT_EQ(price.audio_input->to_usd_per_million(), "0.4");
  EXPECT_EQ(price.audio_output->to_usd_per_million(), "0.5");
  EXPECT_EQ(price.per_image->to_usd(), "0.04");
  EXPECT_EQ(price.per_request->to_usd(), "0.005");
  ASSERT_EQ(price.tiers.size(), 1U) << "tiers of what was not changed stay";
  EXPECT_TRUE(price.tiers[0].input);
  EXPECT_FALSE(price.tiers[0].cache_read);
}

TEST(overlay, what_makes_no_sense_is_named) {
  auto change = server("my-vllm");
  change.dialect.reset();
  EXPECT_EQ(fault_of(with(change)),
            "providers.my-vllm: no built-in provider has this name (did you mean 'vllm'?), and a new one needs dialect "
            "and base_url");
  change = server("openia");
  change.base_url.reset();
  EXPECT_NE(fault_of(with(change)).find("did you mean 'openai'?"), std::string::npos);
  change = server("My VLLM");
  EXPECT_NE(fault_of(with(change)).find("a-z"), std::string::npos);
  change = server("x");
  change.dialect = "opnai";
  EXPECT_EQ(fault_of(with(change)), "providers.x.dialect: there is no dialect 'opnai' (did you mean 'openai'?)");
  for (const auto* url : {"", "ftp://a", "https://", "https:///v1", "10.0.0.5:8000", "http://a b", "http://a/v1?x=1"}) {
    change = server("x");
    change.base_url = url;
    EXPECT_TRUE(fault_of(with(change)).starts_with("providers.x.base_url: ")) << url;
  }
  change = server("x");
  change.auth = "basic";
  EXPECT_TRUE(fault_of(with(change)).starts_with("providers.x.auth: 'basic' is not one of bearer"));
  change = server("x");
  change.on_disconnect = "stop";
  EXPECT_TRUE(fault_of(with(change)).starts_with("providers.x.on_disconnect: "));
}

TEST(overlay, malformed_models_are_named) {
  overlay::model_change model;
  model.name = "m";
  const auto fault_with = [](overlay::model_change m) {
    auto change = server("x");
    change.models = {std::move(m)};
    return fault_of(with(change));
  };
  EXPECT_EQ(fault_with(model), "no fault");
  auto wrong = model;
  wrong.output_per_mtok_usd = "cheap";
  EXPECT_TRUE(fault_with(wrong).starts_with("providers.x.models.m.output_per_mtok_usd: 'cheap'"));
  wrong.output_per_mtok_usd = "-1";
  EXPECT_NE(fault_with(wrong), "no fault");
  for (const auto part :
       {&overlay::model_change::cache_write_per_mtok_usd, &overlay::model_change::reasoning_per_mtok_usd,
        &overlay::model_change::audio_input_per_mtok_usd, &overlay::model_change::audio_output_per_mtok_usd,
        &overlay::model_change::image_usd, &overlay::model_change::per_request_usd}) {
    wrong = model;
    wrong.*part = "-1";
    EXPECT_NE(fault_with(wrong), "no fault");
  }
  EXPECT_EQ(fault_with(wrong),
            "providers.x.models.m.per_request_usd: '-1' is not an amount of dollars, like 0.005, with at most 9 "
            "decimals");
  wrong = model;
  wrong.mode = "talk";
  EXPECT_TRUE(fault_with(wrong).starts_with("providers.x.models.m.mode: 'talk'"));
  wrong = model;
  wrong.context = -1;
  EXPECT_NE(fault_with(wrong), "no fault");
  wrong = model;
  wrong.name = "";
  EXPECT_NE(fault_with(wrong), "no fault");
}

TEST(overlay, aliases_override_add_and_flatten) {
  const auto data = built(with_aliases({{"spideriq/coding", {"openai/gpt-4o", "team/cheap"}, false},
                                        {"team/cheap", {"groq/brand-new", "spideriq/fast", "openai/gpt-4o"}, false}}));
  const auto* coding = data->find_alias("spideriq/coding");
  EXPECT_TRUE(coding->from_config);
  EXPECT_EQ(coding->chain, (std::vector<std::string>{"openai/gpt-4o", "groq/brand-new", "groq/llama-3.1-8b-instant",
                                                     "cerebras/llama3.1-8b", "gemini/gemini-2.5-flash-lite",
                                                     "groq/openai/gpt-oss-20b"}));
  EXPECT_EQ(data->aliases().size(), 27U);
  EXPECT_FALSE(data->find_alias("spideriq/chat")->from_config);
}

TEST(overlay, an_alias_that_leads_back_to_itself_is_a_fault) {
  EXPECT_EQ(fault_of(with_aliases({{"a", {"openai/gpt-4o", "b"}, false}, {"b", {"c"}, false}, {"c", {"a"}, false}})),
            "aliases.a: leads back to itself: a -> b -> c -> a");
  EXPECT_EQ(fault_of(with_aliases({{"a", {"a"}, false}})), "aliases.a: leads back to itself: a -> a");
}

TEST(overlay, an_alias_may_be_reached_twice_without_being_a_cycle) {
  const auto data =
      built(with_aliases({{"a", {"b", "c", "b"}, false}, {"b", {"openai/x"}, false}, {"c", {"b"}, false}}));
  EXPECT_EQ(data->find_alias("a")->chain, std::vector<std::string>{"openai/x"});
}

TEST(overlay, an_alias_entry_that_resolves_to_nothing_is_a_fault) {
  EXPECT_EQ(fault_of(with_aliases({{"a", {"opnai/gpt-4o"}, false}})),
            "aliases.a: 'opnai/gpt-4o' names no alias, and no provider 'opnai' exists (did you mean 'openai'?)");
  EXPECT_EQ(fault_of(with_aliases({{"a", {"gpt-4o"}, false}})),
            "aliases.a: 'gpt-4o' is neither an alias nor provider/model");
  EXPECT_NE(fault_of(with_aliases({{"a", {"openai/"}, false}})), "no fault");
  EXPECT_EQ(fault_of(with_aliases({{"a", {}, false}})), "aliases.a: the chain is empty");
}

TEST(overlay, rules_keep_their_order_and_name_existing_providers) {
  overlay changes;
  changes.rules = {{"gpt-4*", "openai"}, {"*", "openrouter"}};
  const auto data = built(changes);
  ASSERT_EQ(data->config_rules().size(), 2U);
  EXPECT_EQ(data->config_rules()[1].provider, "openrouter");
  changes.rules = {{"gpt-4*", "openia"}};
  EXPECT_EQ(fault_of(changes),
            "rules: 'gpt-4*' names the provider 'openia', which does not exist (did you mean 'openai'?)");
}

TEST(overlay, providers_may_be_named_by_aliases_and_rules_of_the_same_overlay) {
  auto changes = with(server("my-vllm"));
  changes.aliases = {{"a", {"my-vllm/qwen3"}, false}};
  changes.rules = {{"qwen*", "my-vllm"}};
  EXPECT_EQ(fault_of(changes), "no fault");
}

}  // namespace
}  // namespace spidergate::catalogue
