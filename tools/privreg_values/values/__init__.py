"""Values files: read as Helm reads them, judged by the chart's schema and rules, edited in place."""
