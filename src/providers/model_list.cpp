#include <spidergate/json/reader.hpp>
#include <spidergate/json/value.hpp>
#include <spidergate/providers/model_list.hpp>

#include <algorithm>

namespace spidergate::providers {

namespace {

constexpr std::size_t most_models = 1000;
constexpr std::size_t longest_id = 256;
constexpr std::int64_t longest_context = 100'000'000;

bool is_id(std::string_view id) {
  return !id.empty() && id.size() <= longest_id &&
         std::all_of(id.begin(), id.end(), [](char c) { return c > ' ' && c != '\x7f'; });
}

std::int64_t count_in(json::value object, std::string_view name) {
  if (!object.is(json::kind::object)) return 0;
  const auto said = object.find(name);
  if (!said.is(json::kind::number)) return 0;
  const auto count = said.whole_number().value_or(0);
  return count > 0 && count <= longest_context ? count : 0;
}

std::int64_t context_of(json::value model) {
  for (const std::string_view name : {"max_model_len", "context_length", "max_context_length"})
    if (const auto count = count_in(model, name); count > 0) return count;
  return count_in(model.find("meta"), "n_ctx_train");
}

std::string text_of(json::value model, std::string_view name) {
  const auto said = model.find(name);
  return said.is(json::kind::string) && said.raw().size() <= 2 * longest_id ? said.text() : std::string();
}

}  // namespace

std::string_view model_list_path(std::string_view dialect) noexcept {
  if (dialect == "openai") return "/models";
  if (dialect == "ollama") return "/api/tags";
  return {};
}

boost::system::result<std::vector<listed_model>, std::string> read_model_list(std::string_view body) {
  json::reader reader;
  if (!reader.read(body, json::surrogates::any)) return "it is not JSON: " + reader.failure().message;
  const auto root = reader.root();
  if (!root.is(json::kind::object)) return std::string("it is no list of models");
  auto list = root.find("data");
  if (!list.is(json::kind::array)) list = root.find("models");
  if (!list.is(json::kind::array)) return std::string("it is no list of models");
  std::vector<listed_model> found;
  for (const auto model : list.elements()) {
    if (found.size() == most_models) break;
    if (!model.is(json::kind::object)) continue;
    auto id = text_of(model, "id");
    if (id.empty()) id = text_of(model, "name");
    const auto same = [&id](const listed_model& known) { return known.id == id; };
    if (is_id(id) && std::none_of(found.begin(), found.end(), same))
      found.push_back({std::move(id), context_of(model)});
  }
  return found;
}

}  // namespace spidergate::providers
