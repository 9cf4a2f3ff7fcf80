#include "declaration.hpp"

#include <spidergate/config/load.hpp>
#include <spidergate/core/ascii.hpp>
#include <spidergate/core/json_text.hpp>

#include <algorithm>

namespace spidergate::config {
namespace {

/// Text that YAML would read as something else is put in quotes; JSON's quotes are YAML's as well.
std::string as_yaml(std::string_view text) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view{"_./:@%+~- "}.find(c) != std::string_view::npos;
  };
  const bool bracketed = text.starts_with('[') || text.starts_with('{');
  const bool safe = !text.empty() && std::all_of(text.begin(), text.end(), plain) &&
                    text.find(": ") == std::string_view::npos && text.back() != ':' && text.front() != '-' &&
                    text.front() != ' ' && text.front() != '%' && text.front() != '@' && text != "~";
  if (bracketed || safe) return std::string(text);
  std::string quoted;
  append_json_string(quoted, text);
  return quoted;
}

std::string joined(const std::vector<std::string>& path) {
  std::string key;
  for (const auto& part : path) key.append(key.empty() ? "" : ".").append(part);
  return key;
}

/// Writes `name: value` lines under the section headers that their paths need.
class section_printer {
 public:
  explicit section_printer(std::string& out) : out_(out) {}

  /// Opens the sections of `path` that are not open yet; gives the indentation of its last part.
  std::string enter(const std::vector<std::string>& path) {
    std::size_t common = 0;
    while (common + 1 < path.size() && common < open_.size() && open_[common] == path[common]) ++common;
    open_.resize(common);
    while (open_.size() + 1 < path.size()) {
      out_ += std::string(2 * open_.size(), ' ') + as_yaml(path[open_.size()]) + ":\n";
      open_.push_back(path[open_.size()]);
    }
    return std::string(2 * open_.size(), ' ');
  }

 private:
  std::string& out_;
  std::vector<std::string> open_;
};

std::vector<std::string> path_of(const declaration& what) {
  std::vector<std::string> path;
  for (const auto part : split(what.key, '.')) path.emplace_back(part);
  return path;
}

std::string default_text(const declaration& what) {
  if (what.is_list()) return '[' + std::string(what.fallback) + ']';
  return as_yaml(what.fallback);
}

std::string other_variables(const declaration& what) {
  std::string names;
  for (const auto& [name, form] : what.envs) {
    names.append(names.empty() ? "" : ", ").append(name);
    if (form == env_form::port) names += " (the port alone)";
    if (form == env_form::days) names += " (in days)";
  }
  return names;
}

constexpr std::string_view yaml_beginning =
    R"(# SpiderGate's configuration: every key, with its default. Remove the # of a line to set it.
# A key is also an environment variable: server.max_body_bytes is SPIDERGATE_SERVER_MAX_BODY_BYTES. A secret may be given as
# NAME_FILE as well: VAULT_ENCRYPTION_KEY as SPIDERGATE_VAULT_ENCRYPTION_KEY_FILE=/run/secrets/key.
# Precedence: command line, environment, this file, default. `spidergate config check` shows what took effect and why.
)";

constexpr std::string_view yaml_end = R"(
# Changes to the built-in catalogue (config/catalogue) and additions to it.
providers:
  # A built-in provider at another address; private addresses are allowed here.
  #openai: { base_url: "https://api.openai.com/v1" }
  # A server of your own. Keys: name, dialect, base_url (both needed), auth (bearer, header:NAME, query:NAME, scheme:WORD, none),
  # token_url (of auth oauth2), key_env, on_disconnect (cancel, drain), priority (higher is preferred among those that list a
  # bare model name; yours have 110), discover (true, false: ask the server for its models, by default where models names
  # none), gpu_hour_usd (an hour of the machine, for models without a price of their own: see docs/operations.md), models.
  #my-vllm:
  #  dialect: openai
  #  base_url: "http://10.0.0.5:8000/v1"
  #  auth: none
  #  models:
  #    - { name: qwen3, input_per_mtok_usd: 0, output_per_mtok_usd: 0, context: 32768 }
  # Keys of a model: name, mode (chat, embedding, …), dialect (where it is not the provider's), context, max_output, and
  # prices in dollars per million tokens
  # (input_per_mtok_usd, output_, cache_read_, cache_write_, cache_write_1h_, reasoning_, audio_input_, audio_output_,
  # image_input_, image_output_per_mtok_usd) or in dollars (image_usd, per_pixel_usd, per_second_in_usd, per_second_out_usd,
  # per_character_in_usd, per_character_out_usd, per_search_usd, per_web_search_usd, per_request_usd). Prices that are
  # left out are the built-in ones.

# Task aliases: an entry is provider/model or another alias. A built-in alias of the same name is replaced.
aliases:
  #spideriq/coding: [anthropic/claude-sonnet-5, mistral/codestral-latest]

# Who serves a bare model name: the first match wins, before the built-in patterns.
rules:
  #- { match: "gpt-4*", provider: openai }
)";

}  // namespace

std::string effective_yaml(const loaded& what) {
  std::string out;
  section_printer sections(out);
  for (const auto& shown : what.effective) {
    const auto indent = sections.enter(shown.path);
    const auto line = indent + as_yaml(shown.path.back()) + ": " + as_yaml(shown.text);
    constexpr std::size_t column = 48;
    out += line + std::string(line.size() < column ? column - line.size() : 1, ' ') + "# " + shown.origin + '\n';
  }
  return out;
}

std::string effective_json(const loaded& what) {
  std::string out;
  json_writer json(out);
  json.begin_object();
  for (const auto& shown : what.effective)
    json.key(joined(shown.path))
        .begin_object()
        .key("value")
        .string(shown.text)
        .key("origin")
        .string(shown.origin)
        .end_object();
  json.end_object();
  return out;
}

std::string commented_defaults() {
  std::string out(yaml_beginning);
  section_printer sections(out);
  std::string section;
  for (const auto& declared : declarations()) {
    const auto path = path_of(declared);
    if (path.front() != section) {
      out += '\n';
      section = path.front();
    }
    const auto indent = sections.enter(path);
    out += indent + "# " + std::string(declared.meaning) + '\n';
    out += indent + "# Allowed: " + allowed_in_words(declared) + '.';
    if (!declared.envs.empty()) out += " Also " + other_variables(declared) + '.';
    if (declared.restart_needed) out += " Takes effect with the next start.";
    out += '\n' + indent + '#' + path.back() + ": " + default_text(declared) + '\n';
  }
  return out + std::string(yaml_end);
}

std::string settings_table() {
  std::string out = "| key | default | allowed | environment | meaning |\n|---|---|---|---|---|\n";
  for (const auto& declared : declarations()) {
    auto variables = '`' + declared.env_name() + '`';
    if (!declared.envs.empty()) variables += ", " + other_variables(declared);
    out += "| `" + std::string(declared.key) + "` | `" + default_text(declared) + "` | " + allowed_in_words(declared) +
           " | " + variables + " | " + std::string(declared.meaning) + (declared.restart_needed ? " (restart)" : "") +
           " |\n";
  }
  return out;
}

}  // namespace spidergate::config
