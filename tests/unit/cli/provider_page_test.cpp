#include "provider_page.hpp"

#include <spidergate/providers/dialect.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace spidergate::cli {
namespace {

const catalogue::catalogue& builtin() {
  static const auto data = catalogue::catalogue::build({});
  return **data;
}

TEST(provider_page, the_shipped_page_is_what_the_catalogue_and_the_dialects_say) {
  std::ifstream file(SPIDERGATE_SOURCE_DIR "/docs/providers.md");
  std::ostringstream shipped;
  shipped << file.rdbuf();
  EXPECT_EQ(shipped.str(), provider_page(builtin())) << "spidergate provider docs > docs/providers.md";
}

TEST(provider_page, has_a_row_for_every_provider_and_dialect) {
  const auto page = provider_page(builtin());
  for (const auto& p : builtin().providers()) EXPECT_NE(page.find("| `" + p.id + "` "), std::string::npos) << p.id;
  for (const auto name : providers::known_dialects())
    EXPECT_NE(page.find("| `" + std::string(name) + "` | "), std::string::npos) << name;
}

TEST(provider_page, every_limitation_is_of_somebody) {
  for (const auto& one : catalogue::known_limitations()) {
    EXPECT_FALSE(one.what.empty() || one.reason.empty()) << one.subject;
    const auto all = builtin().providers();
    constexpr std::string_view prefix = "dialect:";
    const bool known =
        one.subject.starts_with(prefix)
            ? std::any_of(all.begin(), all.end(),
                          [&](const auto& p) { return p.dialect == one.subject.substr(prefix.size()); }) ||
                  providers::find_dialect(one.subject.substr(prefix.size())) != nullptr
            : builtin().find_provider(one.subject) != nullptr;
    EXPECT_TRUE(known) << one.subject;
  }
}

TEST(provider_page, a_dialect_that_is_not_spoken_has_a_reason) {
  const auto known = catalogue::known_limitations();
  for (const auto& p : builtin().providers()) {
    if (providers::find_dialect(p.dialect) != nullptr) continue;
    EXPECT_TRUE(std::any_of(known.begin(), known.end(), [&](const auto& one) {
      return one.subject == "dialect:" + p.dialect;
    })) << p.dialect;
  }
}

}  // namespace
}  // namespace spidergate::cli
