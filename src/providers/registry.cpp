#include "anthropic/anthropic_dialect.hpp"
#include "assemblyai/assemblyai_dialect.hpp"
#include "azure_ai/azure_ai_dialect.hpp"
#include "azure_openai/azure_openai_dialect.hpp"
#include "bedrock/bedrock_dialect.hpp"
#include "cohere/cohere_dialect.hpp"
#include "deepgram/deepgram_dialect.hpp"
#include "elevenlabs/elevenlabs_dialect.hpp"
#include "fal/fal_dialect.hpp"
#include "gemini/gemini_dialect.hpp"
#include "jina/jina_dialect.hpp"
#include "nomic/nomic_dialect.hpp"
#include "ollama/ollama_dialect.hpp"
#include "openai/openai_dialect.hpp"
#include "replicate/replicate_dialect.hpp"
#include "stability/stability_dialect.hpp"
#include "vertex/vertex_dialect.hpp"
#include "vertex_anthropic/vertex_anthropic_dialect.hpp"
#include "voyage/voyage_dialect.hpp"
#include "watsonx/watsonx_dialect.hpp"

#include <spidergate/core/ascii.hpp>
#include <spidergate/json/name_table.hpp>
#include <spidergate/providers/dialect.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace spidergate::providers {

namespace {

// One line each.
const anthropic::anthropic_dialect anthropic_instance;
const azure_ai::azure_ai_dialect azure_ai_instance;
const azure_openai::azure_openai_dialect azure_openai_instance;
const bedrock::bedrock_dialect bedrock_instance;
const cohere::cohere_dialect cohere_instance;
const gemini::gemini_dialect gemini_instance;
const openai::openai_dialect openai_instance;
const vertex::vertex_dialect vertex_instance;
const vertex_anthropic::vertex_anthropic_dialect vertex_anthropic_instance;
const jina::jina_dialect jina_instance;
const nomic::nomic_dialect nomic_instance;
const ollama::ollama_dialect ollama_instance;
const voyage::voyage_dialect voyage_instance;
const watsonx::watsonx_dialect watsonx_instance;
const assemblyai::assemblyai_dialect assemblyai_instance;
const deepgram::deepgram_dialect deepgram_instance;
const elevenlabs::elevenlabs_dialect elevenlabs_instance;
const fal::fal_dialect fal_instance;
const replicate::replicate_dialect replicate_instance;
const stability::stability_dialect stability_instance;

struct entry {
  std::string_view name;  ///< as the dialect itself says
  const dialect* speaks;
};
constexpr auto entries = std::to_array<entry>({
    {"anthropic", &anthropic_instance},
    {"azure-ai", &azure_ai_instance},
    {"azure-openai", &azure_openai_instance},
    {"bedrock", &bedrock_instance},
    {"cohere", &cohere_instance},
    {"gemini", &gemini_instance},
    {"openai", &openai_instance},
    {"vertex", &vertex_instance},
    {"vertex-anthropic", &vertex_anthropic_instance},
    {"jina", &jina_instance},
    {"nomic", &nomic_instance},
    {"ollama", &ollama_instance},
    {"voyage", &voyage_instance},
    {"watsonx", &watsonx_instance},
    {"assemblyai", &assemblyai_instance},
    {"deepgram", &deepgram_instance},
    {"elevenlabs", &elevenlabs_instance},
    {"fal", &fal_instance},
    {"replicate", &replicate_instance},
    {"stability", &stability_instance},
});

constexpr json::name_table names([] {
  std::array<std::string_view, entries.size()> all;
  std::transform(entries.begin(), entries.end(), all.begin(), [](const entry& e) { return e.name; });
  return all;
}());

}  // namespace

const dialect* find_dialect(std::string_view name) noexcept {
  const auto place = names.place(name);
  return place == names.none ? nullptr : entries[place].speaks;
}

const std::vector<std::string_view>& known_dialects() {
  static const auto list_of_names = [] {
    std::vector<std::string_view> list;
    for (const auto& one : entries) list.push_back(one.name);
    return list;
  }();
  return list_of_names;
}

std::string_view credential::setting(std::string_view name) const noexcept {
  for (const auto& [known, value] : settings) {
    if (known == name) return value.reveal();
  }
  return {};
}

std::string_view find_header(header_fields fields, std::string_view name) noexcept {
  for (const auto& [known, value] : fields) {
    if (iequals(known, name)) return value;
  }
  return {};
}

boost::system::result<std::optional<token_request>, refusal> dialect::ask_token(const catalogue::provider&,
                                                                                const credential&, epoch_ms) const {
  return std::optional<token_request>();
}

boost::system::result<access_token, provider_error> dialect::read_token(int, std::string_view) const {
  throw std::logic_error("this dialect exchanges no credentials");
}

void throw_exception_from_error(const refusal& why, const boost::source_location&) {
  throw std::logic_error("the value of a refused request was asked for: " + why.message);
}

void throw_exception_from_error(const provider_error& error, const boost::source_location&) {
  throw std::logic_error("the value of a failed answer was asked for: " + error.message);
}

}  // namespace spidergate::providers
