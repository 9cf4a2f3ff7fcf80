#include "../handlers.hpp"

#include <spidergate/core/json_text.hpp>
#include <spidergate/core/nearest.hpp>
#include <spidergate/providers/dialect.hpp>

#include <algorithm>

namespace spidergate::api {

namespace {

/// All models are shown as created then: providers do not say, and clients want a number.
constexpr std::int64_t created = 1'735'689'600;

/// Writes the one superset object that OpenAI's, Anthropic's and OpenRouter's readers all accept (spec 6).
class model_writer {
 public:
  explicit model_writer(json_writer& out) : out_(out) {}

  void write(const std::string& id, std::string_view owner, const catalogue::model_entry* entry) {
    out_.begin_object();
    out_.key("id")
        .string(id)
        .key("object")
        .string("model")
        .key("created")
        .number(created)
        .key("owned_by")
        .string(owner);
    out_.key("type").string("model").key("display_name").string(id).key("name").string(id);
    out_.key("created_at").string("2025-01-01T00:00:00Z");
    if (entry != nullptr) write_facts(*entry);
    out_.end_object();
  }

 private:
  void number_or_null(std::string_view name, std::int64_t value) {
    out_.key(name);
    value > 0 ? out_.number(value) : out_.null();
  }

  void price(std::string_view name, const std::optional<unit_price>& value) {
    if (value) out_.key(name).string(value->to_usd_per_unit());
  }

  void price(std::string_view name, const std::optional<money>& value) {
    if (value) out_.key(name).string(value->to_usd());
  }

  void write_facts(const catalogue::model_entry& entry) {
    out_.key("mode").string(name_of(entry.mode));
    number_or_null("context_length", entry.context);
    number_or_null("max_output_tokens", entry.max_output);
    out_.key("pricing").begin_object();
    price("prompt", entry.price->input);
    price("completion", entry.price->output);
    price("input_cache_read", entry.price->cache_read);
    price("input_cache_write", entry.price->cache_write);
    price("internal_reasoning", entry.price->reasoning);
    price("audio", entry.price->audio_input);
    price("audio_output", entry.price->audio_output);
    price("image", entry.price->per_image);
    price("request", entry.price->per_request);
    out_.end_object();
    out_.key("architecture").begin_object().key("input_modalities").begin_array();
    const std::pair<bool, std::string_view> inputs[] = {{entry.text_in, "text"},
                                                        {entry.image_in, "image"},
                                                        {entry.audio_in, "audio"},
                                                        {entry.video_in, "video"},
                                                        {entry.pdf_in, "file"}};
    for (const auto& [has, name] : inputs) {
      if (has) out_.string(name);
    }
    out_.end_array().end_object();
    write_parameters(entry);
  }

  void write_parameters(const catalogue::model_entry& entry) {
    out_.key("supported_parameters").begin_array();
    if (entry.mode == catalogue::mode::chat) {
      for (const std::string_view name : {"max_tokens", "stop", "stream", "top_p"}) out_.string(name);
      if (!entry.no_temperature) out_.string("temperature");
      if (entry.tools) out_.string("tools").string("tool_choice");
      if (entry.json_schema) out_.string("response_format").string("structured_outputs");
      if (entry.reasoning) out_.string("reasoning");
    }
    out_.end_array();
  }

  json_writer& out_;
};

/// What of the catalogue one token may see.
class model_view {
 public:
  model_view(request_scope& r, const auth::principal& who, bool all)
      : r_(r), who_(who), all_(all), routing_(r.now.routing.get()), brand_(routing_->of(who.brand_id)) {}

  [[nodiscard]] bool serves(const catalogue::provider& p) const {
    if (all_) return true;
    if (r_.with.house.keys.available(p.id, who_.brand_id, who_.pool_access).usable) return true;
    // A self-hosted server of the built-in catalogue is only there when the operator says so.
    return p.auth == catalogue::auth_style::none && p.from_config;
  }

  /// True when this version can ask that model of a provider that serves.
  [[nodiscard]] bool can_ask(const catalogue::provider& p, const catalogue::model_entry* entry) const {
    if (all_) return true;
    if (entry == nullptr) return providers::find_dialect(p.dialect) != nullptr;
    const auto& dialect = entry->dialect.empty() ? p.dialect : entry->dialect;
    return entry->api == catalogue::own_endpoint::none && providers::serves(dialect, router::endpoint_for(entry->mode));
  }

  /// True when some candidate of the alias can serve this token.
  [[nodiscard]] bool serves(const catalogue::alias_entry& alias) const {
    const auto meaning = router::resolve(*routing_->data, brand_, alias.name, {});
    if (!meaning) return false;
    return std::any_of(meaning->chain.begin(), meaning->chain.end(), [&](const auto& c) {
      return who_.may_use(alias.name, c.name()) && can_ask(*c.provider, c.entry) && serves(*c.provider);
    });
  }

  /// Calls `show(id, owner, entry)` for everything visible, aliases first.
  template <class Show>
  void each(Show show) const {
    for (const auto* list : {&brand_.aliases}) {
      for (const auto& alias : *list) {
        if (serves(alias)) show(alias.name, std::string_view("spidergate"), nullptr);
      }
    }
    for (const auto& alias : routing_->data->aliases()) {
      if (!overridden(alias.name) && serves(alias)) show(alias.name, std::string_view("spidergate"), nullptr);
    }
    for (const auto& p : routing_->data->providers()) {
      if (serves(p)) each_model_of(p, show);
    }
  }

 private:
  [[nodiscard]] bool overridden(std::string_view name) const {
    return std::any_of(brand_.aliases.begin(), brand_.aliases.end(), [&](const auto& a) { return a.name == name; });
  }

  template <class Show>
  void each_model_of(const catalogue::provider& p, Show& show) const {
    const auto models = routing_->data->models();
    // The models stand grouped by provider.
    auto at = std::find_if(models.begin(), models.end(), [&](const auto& m) { return m.provider == p.id; });
    for (; at != models.end() && at->provider == p.id; ++at) {
      auto id = p.id + "/" + at->id;
      if (can_ask(p, &*at) && who_.may_use(id, id)) show(id, std::string_view(p.id), &*at);
    }
  }

  request_scope& r_;
  const auth::principal& who_;
  bool all_;
  std::shared_ptr<const flow::routing_snapshot> routing_;
  const router::brand_overrides& brand_;
};

}  // namespace

awaitable<void> list_models(request_scope& r) {
  const auto who = co_await welcome(r, std::nullopt);
  if (!who) co_return co_await r.answer_error(who.error());
  std::string body;
  json_writer out(body);
  model_writer writer(out);
  std::string first;
  std::string last;
  out.begin_object().key("object").string("list").key("data").begin_array();
  model_view(r, **who, r.query_flag("all"))
      .each([&](const std::string& id, std::string_view owner, const catalogue::model_entry* entry) {
        writer.write(id, owner, entry);
        if (first.empty()) first = id;
        last = id;
      });
  out.end_array().key("has_more").boolean(false);
  out.key("first_id");
  first.empty() ? out.null() : out.string(first);
  out.key("last_id");
  last.empty() ? out.null() : out.string(last);
  out.end_object();
  co_await r.answer_json(200, std::move(body));
}

awaitable<void> show_model(request_scope& r) {
  const auto who = co_await welcome(r, std::nullopt);
  if (!who) co_return co_await r.answer_error(who.error());
  const auto routing = r.now.routing.get();
  const auto meaning = router::resolve(*routing->data, routing->of((*who)->brand_id), r.where.id, {});
  if (!meaning) co_return co_await r.answer_error(meaning.error());
  const auto& head = meaning->chain.front();
  if (!(*who)->may_use(r.where.id, head.name())) {
    co_return co_await r.answer_error(model::make_error(
        model::api_errc::model_not_allowed, "This token may not use the model '" + r.where.id + "'.", "model"));
  }
  std::string body;
  json_writer out(body);
  const bool alias = !meaning->alias.empty();
  model_writer(out).write(r.where.id, alias ? std::string_view("spidergate") : std::string_view(head.provider->id),
                          alias ? nullptr : head.entry);
  co_await r.answer_json(200, std::move(body));
}

}  // namespace spidergate::api
