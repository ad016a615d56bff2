// SPDX-License-Identifier: GPL-3.0-or-later
#include "orthanc-plugin/orthanc_time.h"

#include <cstdio>

namespace axial::plugin {

std::optional<TimePoint> ParseOrthancTime(const std::string& text) {
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  int length = 0;
  if (std::sscanf(text.c_str(), "%4d%2u%2uT%2d%2d%2d%n", &year, &month, &day, &hour, &minute,
                  &second, &length) != 6 ||
      length != static_cast<int>(text.size()))
    return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(day)};
  if (!date.ok() || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
    return std::nullopt;
  return std::chrono::time_point_cast<Duration>(std::chrono::sys_days(date)) +
         std::chrono::hours(hour) + std::chrono::minutes(minute) + std::chrono::seconds(second);
}

}  // namespace axial::plugin
