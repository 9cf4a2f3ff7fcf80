#include "yaml_reader.hpp"

#include <spidergate/core/ascii.hpp>

#include <algorithm>
#include <array>

namespace spidergate::config {
namespace {

using change = catalogue::overlay::provider_change;
using model_change = catalogue::overlay::model_change;

struct text_field {
  std::string_view name;
  std::optional<std::string> change::* field;
  std::string_view allowed;
};

constexpr std::array provider_fields{
    text_field{"name", &change::name, "a display name"},
    text_field{"dialect", &change::dialect, "a dialect like openai"},
    text_field{"base_url", &change::base_url, "a URL like https://host/v1"},
    text_field{"auth", &change::auth, "bearer, header:NAME, query:NAME, scheme:WORD or none"},
    text_field{"token_url", &change::token_url, "a URL like https://host/token"},
    text_field{"gpu_hour_usd", &change::gpu_hour_usd, "dollars for an hour, like 2.49"},
    text_field{"key_env", &change::key_env, "the name of an environment variable"},
    text_field{"on_disconnect", &change::on_disconnect, "cancel or drain"},
};

struct price_field {
  std::string_view name;
  std::optional<std::string> model_change::* field;
};

constexpr std::array price_fields{
    price_field{"input_per_mtok_usd", &model_change::input_per_mtok_usd},
    price_field{"output_per_mtok_usd", &model_change::output_per_mtok_usd},
    price_field{"cache_read_per_mtok_usd", &model_change::cache_read_per_mtok_usd},
    price_field{"cache_write_per_mtok_usd", &model_change::cache_write_per_mtok_usd},
    price_field{"reasoning_per_mtok_usd", &model_change::reasoning_per_mtok_usd},
    price_field{"audio_input_per_mtok_usd", &model_change::audio_input_per_mtok_usd},
    price_field{"audio_output_per_mtok_usd", &model_change::audio_output_per_mtok_usd},
    price_field{"image_usd", &model_change::image_usd},
    price_field{"per_request_usd", &model_change::per_request_usd},
};

void show(yaml_reader& in, std::vector<std::string> path, std::string text, const YAML::Node& node) {
  const auto digest = std::hash<std::string>{}(text);
  in.out().overlay_values.push_back({std::move(path), without_password(text), in.where(node), false, digest});
}

/// Nested lists and maps on one line, for `config check`.
std::string on_one_line(const YAML::Node& node) {
  YAML::Emitter out;
  out.SetMapFormat(YAML::Flow);
  out.SetSeqFormat(YAML::Flow);
  out << node;
  std::string text = out.c_str();
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

template <class T>
void read_integer(yaml_reader& in, const YAML::Node& name, const YAML::Node& node, const std::string& key,
                  std::optional<T>& to) {
  const std::string_view allowed = "an integer, not negative";
  const auto text = in.scalar(name, node, key, allowed);
  if (!text) return;
  const auto number = parse_integer<T>(*text);
  if (number && *number >= 0)
    to = *number;
  else
    in.add_fault(name, key, "is '" + *text + "'; allowed is " + std::string(allowed));
}

void read_flag(yaml_reader& in, const YAML::Node& name, const YAML::Node& node, const std::string& key,
               std::optional<bool>& to) {
  const auto text = in.scalar(name, node, key, "true or false");
  if (!text) return;
  if (*text == "true" || *text == "false")
    to = *text == "true";
  else
    in.add_fault(name, key, "is '" + *text + "'; allowed is true or false");
}

void read_model(yaml_reader& in, const YAML::Node& node, const std::string& provider_key,
                std::vector<model_change>& models) {
  static const auto allowed = [] {
    std::vector<std::string_view> names = {"name", "context", "max_output", "mode", "dialect"};
    const auto prices = catalogue::price_part_names();
    names.insert(names.end(), prices.begin(), prices.end());
    return names;
  }();
  const auto list_key = provider_key + ".models";
  if (!node.IsMap() || !node["name"] || !node["name"].IsScalar() || node["name"].Scalar().empty())
    return in.add_fault(node, list_key,
                        "a model is { name: …, input_per_mtok_usd: …, output_per_mtok_usd: … }, the name at least");
  model_change made;
  made.name = node["name"].Scalar();
  const auto model_key = list_key + '.' + made.name;
  in.out().places.emplace(model_key, in.where(node));
  in.each_member(node, model_key, [&](const std::string& name, const YAML::Node& name_node, const YAML::Node& value) {
    const auto key = model_key + '.' + name;
    in.out().places.emplace(key, in.where(name_node));
    if (name == "name") return;
    if (name == "context") return read_integer(in, name_node, value, key, made.context);
    if (name == "max_output") return read_integer(in, name_node, value, key, made.max_output);
    if (name == "mode") {
      made.mode = in.scalar(name_node, value, key, "chat, embedding, moderation, …").value_or("");
      return;
    }
    if (name == "dialect") {
      made.dialect = in.scalar(name_node, value, key, "a dialect like anthropic");
      return;
    }
    for (const auto& [known, field] : price_fields)
      if (name == known) {
        // The text as it stands: a price must not go through binary fractions.
        made.*field = in.scalar(
            name_node, value, key,
            name.ends_with("_per_mtok_usd") ? "dollars per million tokens, like 0.15" : "dollars, like 0.005");
        return;
      }
    if (const auto parts = catalogue::price_part_names(); std::find(parts.begin(), parts.end(), name) != parts.end()) {
      made.further_prices.emplace_back(name, in.scalar(name_node, value, key, "dollars, like 0.005").value_or("0"));
      return;
    }
    in.unknown_key(name_node, key, name, allowed);
  });
  models.push_back(std::move(made));
}

void read_models(yaml_reader& in, const YAML::Node& node, const std::string& provider_key,
                 std::vector<model_change>& models) {
  if (node.IsNull()) return;
  if (!node.IsSequence()) return in.add_fault(node, provider_key + ".models", "must be a list of models");
  for (const auto& item : node) read_model(in, item, provider_key, models);
}

void read_provider(yaml_reader& in, const std::string& id, const YAML::Node& name_node, const YAML::Node& node) {
  static const std::vector<std::string_view> allowed = {"name",      "dialect",      "base_url",      "auth",
                                                        "token_url", "key_env",      "on_disconnect", "priority",
                                                        "discover",  "gpu_hour_usd", "models"};
  change made;
  made.id = id;
  const auto provider_key = "providers." + id;
  in.out().places.emplace(provider_key, in.where(name_node));
  in.each_member(
      node, provider_key, [&](const std::string& name, const YAML::Node& field_node, const YAML::Node& value) {
        const auto key = provider_key + '.' + name;
        in.out().places.emplace(key, in.where(field_node));
        const auto field =
            std::find_if(provider_fields.begin(), provider_fields.end(), [&](const auto& f) { return f.name == name; });
        if (field != provider_fields.end())
          made.*(field->field) = in.scalar(field_node, value, key, field->allowed);
        else if (name == "priority")
          read_integer(in, field_node, value, key, made.priority);
        else if (name == "discover")
          read_flag(in, field_node, value, key, made.discover);
        else if (name == "models")
          read_models(in, value, provider_key, made.models);
        else
          return in.unknown_key(field_node, key, name, allowed);
        show(in, {"providers", id, name}, value.IsScalar() ? value.Scalar() : on_one_line(value), field_node);
      });
  in.out().overlay.providers.push_back(std::move(made));
}

}  // namespace

void read_providers(yaml_reader& in, const YAML::Node& section) {
  in.each_member(section, "providers",
                 [&in](const std::string& id, const YAML::Node& name_node, const YAML::Node& value) {
                   read_provider(in, id, name_node, value);
                 });
}

void read_aliases(yaml_reader& in, const YAML::Node& section) {
  in.each_member(section, "aliases",
                 [&in](const std::string& name, const YAML::Node& name_node, const YAML::Node& value) {
                   const auto key = "aliases." + name;
                   in.out().places.emplace(key, in.where(name_node));
                   auto chain = in.scalars(name_node, value, key, "a list of provider/model and other aliases");
                   if (!chain) return;
                   show(in, {"aliases", name}, on_one_line(value), name_node);
                   in.out().overlay.aliases.push_back({name, *std::move(chain), true});
                 });
}

void read_rules(yaml_reader& in, const YAML::Node& section) {
  if (section.IsNull()) return;
  const std::string_view allowed = "a list of { match: \"gpt-4*\", provider: openai }";
  if (!section.IsSequence()) return in.add_fault(section, "rules", "must be " + std::string(allowed));
  in.out().places.emplace("rules", in.where(section));
  for (std::size_t i = 0; i < section.size(); ++i) {
    const auto& item = section[i];
    const auto rule_key = "rules[" + std::to_string(i) + ']';
    catalogue::rule made;
    if (!item.IsMap()) {
      in.add_fault(item, rule_key, "must be one of " + std::string(allowed));
      continue;
    }
    in.each_member(item, rule_key, [&](const std::string& name, const YAML::Node& name_node, const YAML::Node& value) {
      if (name == "match")
        made.match = in.scalar(name_node, value, rule_key + ".match", "a pattern like gpt-4*").value_or("");
      else if (name == "provider")
        made.provider = in.scalar(name_node, value, rule_key + ".provider", "a provider's name").value_or("");
      else
        in.unknown_key(name_node, rule_key + '.' + name, name, {"match", "provider"});
    });
    if (!item["match"] || !item["provider"]) in.add_fault(item, rule_key, "needs both match and provider");
    show(in, {"rules", std::to_string(i)}, on_one_line(item), item);
    in.out().overlay.rules.push_back(std::move(made));
  }
}

}  // namespace spidergate::config
