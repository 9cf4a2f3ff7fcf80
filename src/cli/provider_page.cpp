#include "provider_page.hpp"

#include "provider_keys.hpp"

#include <spidergate/providers/dialect.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <ostream>
#include <utility>

namespace spidergate::cli {

namespace {

using model::endpoint;

/// How the catalogue calls what is asked for, and how the page does.
struct served_endpoint {
  std::string_view listed;
  endpoint kind;
  std::string_view shown;
};
/// Holds of a dialect until this build speaks it.
constexpr std::string_view everything = "everything";

constexpr std::array endpoints{
    served_endpoint{"chat", endpoint::chat, "chat"},
    served_endpoint{"embeddings", endpoint::embeddings, "embeddings"},
    served_endpoint{"images", endpoint::images, "images"},
    served_endpoint{"audio_speech", endpoint::speech, "speech"},
    served_endpoint{"audio_transcription", endpoint::transcriptions, "transcriptions"},
    served_endpoint{"moderation", endpoint::moderations, "moderations"},
    served_endpoint{"rerank", endpoint::rerank, "rerank"},
};

bool listed(const catalogue::provider& of, std::string_view name) {
  return std::find(of.endpoints.begin(), of.endpoints.end(), name) != of.endpoints.end();
}

bool served(const catalogue::provider& of, endpoint kind) {
  return providers::serves(of.dialect, kind) ||
         std::any_of(of.variants.begin(), of.variants.end(),
                     [kind](const auto& variant) { return providers::serves(variant.dialect, kind); });
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text.append(text.empty() ? "" : ", ").append(word);
  return text;
}

/// A cell of a table: no bar, no line end.
std::string cell(std::string_view text) {
  std::string made;
  for (const char c : text) {
    if (c == '|')
      made += "\\|";
    else
      made += c == '\n' ? ' ' : c;
  }
  return made;
}

std::string dialects_of(const catalogue::provider& of) {
  std::vector<std::string> names{of.dialect};
  for (const auto& variant : of.variants)
    if (std::find(names.begin(), names.end(), variant.dialect) == names.end()) names.push_back(variant.dialect);
  return joined(names);
}

using limitations = std::vector<catalogue::limitation>;

std::string endpoints_of(const catalogue::provider& of, const limitations& known) {
  std::vector<std::string> names;
  const auto shut = [&of](const auto& one) { return one.subject == of.id && one.what == everything; };
  if (std::any_of(known.begin(), known.end(), shut)) return "none";
  for (const auto& e : endpoints)
    if (listed(of, e.listed) && served(of, e.kind)) names.emplace_back(e.shown);
  return names.empty() ? "none" : joined(names);
}

/// "36: tools 30, images 12": how many models the catalogue lists, and of how many chat models it says what they take.
std::string models_of(const catalogue::catalogue& data, std::string_view id) {
  using entry = catalogue::model_entry;
  constexpr std::array<std::pair<std::string_view, bool entry::*>, 4> features{{{"tools", &entry::tools},
                                                                                {"images", &entry::vision},
                                                                                {"JSON schema", &entry::json_schema},
                                                                                {"reasoning", &entry::reasoning}}};
  int all = 0;
  std::array<int, features.size()> counts{};
  for (const auto& model : data.models()) {
    if (model.provider != id) continue;
    ++all;
    for (std::size_t i = 0; i < features.size(); ++i) counts[i] += model.*features[i].second ? 1 : 0;
  }
  std::string text = std::to_string(all);
  for (std::size_t i = 0; i < features.size(); ++i) {
    if (counts[i] == 0) continue;
    text.append(text.find(':') == std::string::npos ? ": " : ", ").append(features[i].first);
    text.append(" ").append(std::to_string(counts[i]));
  }
  return text;
}

std::string variables_of(const catalogue::provider& of) {
  std::vector<std::string> names;
  if (!of.key_env.empty()) names.push_back("`" + of.key_env + "`");
  for (const auto& other : of.key_env_aliases) names.push_back("`" + other + "`");
  return joined(names);
}

/// Of a provider: its own limitations; what it has and no dialect of its speaks.
std::string missing_of(const catalogue::provider& of, const limitations& known) {
  std::vector<std::string> missing;
  for (const auto& one : known)
    if (one.subject == of.id) missing.push_back(one.what + " (" + one.reason + ")");
  for (const auto& e : endpoints)
    if (listed(of, e.listed) && !served(of, e.kind)) missing.emplace_back(e.shown);
  if (!of.drops.empty()) missing.push_back("drops " + joined(of.drops));
  return joined(missing);
}

void add_table(std::string& page, const catalogue::catalogue& data, const limitations& known) {
  page +=
      "| provider | dialect | endpoints served | models | environment variable | free tier | not served |\n"
      "|---|---|---|---|---|---|---|\n";
  for (const auto& p : data.providers()) {
    const auto name = p.docs_url.empty() ? cell(p.name) : "[" + cell(p.name) + "](" + p.docs_url + ")";
    page.append("| `").append(p.id).append("` ").append(name).append(" | ").append(cell(dialects_of(p))).append(" | ");
    page.append(endpoints_of(p, known))
        .append(" | ")
        .append(models_of(data, p.id))
        .append(" | ")
        .append(variables_of(p));
    page.append(" | ").append(cell(p.free_tier)).append(" | ").append(cell(missing_of(p, known))).append(" |\n");
  }
}

/// By dialect: how many providers speak it, what of it this build serves, what it cannot.
void add_dialects(std::string& page, const catalogue::catalogue& data, const limitations& known) {
  std::map<std::string, int> spoken_by;
  for (const auto name : providers::known_dialects()) spoken_by.try_emplace(std::string(name), 0);
  for (const auto& p : data.providers()) {
    ++spoken_by[p.dialect];
    for (const auto& variant : p.variants) spoken_by.try_emplace(variant.dialect, 0);
  }
  page += "| dialect | providers | serves | not served |\n|---|---|---|---|\n";
  for (const auto& [name, count] : spoken_by) {
    std::vector<std::string> kinds, missing;
    for (const auto& e : endpoints)
      if (providers::serves(name, e.kind)) kinds.emplace_back(e.shown);
    for (const auto& one : known)
      if (one.subject == "dialect:" + name && (kinds.empty() || one.what != everything))
        missing.push_back(one.what + ": " + one.reason);
    page.append("| `").append(name).append("` | ").append(std::to_string(count)).append(" | ");
    page.append(kinds.empty() ? "nothing" : joined(kinds)).append(" | ");
    std::string reasons;
    for (const auto& one : missing) reasons.append(reasons.empty() ? "" : "; ").append(one);
    page.append(cell(reasons)).append(" |\n");
  }
}

}  // namespace

std::string provider_page(const catalogue::catalogue& data) {
  const auto known = catalogue::known_limitations();
  const auto all = data.providers();
  const auto reached =
      std::count_if(all.begin(), all.end(), [&known](const auto& p) { return endpoints_of(p, known) != "none"; });
  std::string page =
      "# Providers\n\n"
      "Made by `spidergate provider docs` from `config/catalogue`; a test checks that it is up to date. " +
      std::to_string(reached) + " of " + std::to_string(all.size()) +
      " providers are served: any `provider/model`\n"
      "that the table's endpoints fit, whether the catalogue lists the model or not. Prices, windows and what each "
      "model takes: "
      "`spidergate models`.\n\n"
      "A key in the environment variable is imported at the start; `spidergate provider add NAME` and `POST "
      "/api/v1/integrations` "
      "take it too.\n"
      "\"models\" counts what the catalogue lists, and of how many it says that they take tools, images, a JSON "
      "schema, or "
      "reason. \"drops\" names\nparameters that the provider refuses: they are left out and listed in "
      "`X-SpiderGate-Dropped-Params`, or, where they change the question, another\ncandidate serves.\n\n"
      "## Dialects\n\n";
  add_dialects(page, data, known);
  page += "\n## All providers\n\n";
  add_table(page, data, known);
  return page;
}

exit_code print_provider_page(context& in) {
  const auto built_in = catalogue::catalogue::build({});
  in.out() << provider_page(**built_in);
  return exit_code::ok;
}

}  // namespace spidergate::cli
