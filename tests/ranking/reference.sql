-- The same final run in one PostgreSQL statement: read, roll up, index (two digits, half up), rank (competition), insert.
-- Parameters: run, block (cycle block), set. Settings are the defaults, no adjustments; tests and the bench compare.
WITH RECURSIVE part AS (
  SELECT p.agency_id, p.ranked, p.profiles, s.id AS sheet
  FROM scoring_participation p JOIN scoring_scoresheet s ON s.participation_id = p.id AND s.criteria_set_id = %(set)s
  WHERE p.cycle_block_id = %(block)s
), leaf AS (
  SELECT id, max_points, not_applicable_for FROM scoring_criterion WHERE criteria_set_id = %(set)s AND rule IS NOT NULL
), marked AS (
  SELECT DISTINCT ON (m.answer_id) a.scoresheet_id, a.criterion_id, m.points, m.applicable_max, m.trace
  FROM scoring_mark m JOIN scoring_answer a ON a.id = m.answer_id JOIN part ON part.sheet = a.scoresheet_id
  ORDER BY m.answer_id, m.round DESC, m.id DESC
), imported AS (
  SELECT i.scoresheet_id, i.criterion_id, i.points, i.applicable_max, i.trace
  FROM scoring_importedpoints i JOIN part ON part.sheet = i.scoresheet_id WHERE i.current
), leaf_points AS (
  SELECT part.agency_id, part.ranked, leaf.id AS criterion_id,
         CASE WHEN na.it THEN 0 ELSE coalesce(i.points, m.points, 0) END AS points,
         CASE WHEN na.it THEN 0 ELSE coalesce(i.applicable_max, m.applicable_max, leaf.max_points) END AS maximum,
         CASE WHEN na.it THEN NULL ELSE coalesce(i.trace, m.trace) END AS trace
  FROM part CROSS JOIN leaf
  CROSS JOIN LATERAL (SELECT leaf.not_applicable_for ?| ARRAY(SELECT jsonb_array_elements_text(part.profiles)) AS it) na
  LEFT JOIN imported i ON i.scoresheet_id = part.sheet AND i.criterion_id = leaf.id
  LEFT JOIN marked m ON m.scoresheet_id = part.sheet AND m.criterion_id = leaf.id
), above AS (
  SELECT id AS node, id AS leaf FROM leaf
  UNION ALL
  SELECT c.parent_id, above.leaf FROM above JOIN scoring_criterion c ON c.id = above.node WHERE c.parent_id IS NOT NULL
), summed AS (
  SELECT l.agency_id, l.ranked, above.node, sum(l.points) AS points, sum(l.maximum) AS maximum,
         (array_agg(l.trace) FILTER (WHERE above.node = above.leaf))[1] AS trace
  FROM leaf_points l JOIN above ON above.leaf = l.criterion_id
  GROUP BY l.agency_id, l.ranked, above.node
), indexed AS (
  SELECT *, CASE WHEN maximum > 0 THEN round(points * 100 / maximum, 2) END AS index FROM summed
), placed AS (
  SELECT *, CASE WHEN ranked AND index IS NOT NULL
                 THEN rank() OVER (PARTITION BY node, ranked AND index IS NOT NULL ORDER BY index DESC) END AS place
  FROM indexed
), nodes AS (
  INSERT INTO scoring_noderow (run_id, agency_id, criterion_id, points, maximum, index, rank, trace)
  SELECT %(run)s, agency_id, node, points, maximum, index, place, trace FROM placed
), total AS (
  SELECT agency_id, ranked, sum(points) AS points, sum(maximum) AS maximum FROM leaf_points GROUP BY agency_id, ranked
), total_indexed AS (
  SELECT *, CASE WHEN maximum > 0 THEN points * 100 / maximum END AS exact FROM total
)
INSERT INTO scoring_rankingrow (run_id, agency_id, ranked, points, maximum, bonus, penalty, index, index_exact, rank, grade)
SELECT %(run)s, agency_id, ranked, points, maximum, 0, 0, round(exact, 2), round(exact, 12),
       CASE WHEN ranked AND exact IS NOT NULL
            THEN rank() OVER (PARTITION BY ranked AND exact IS NOT NULL ORDER BY round(exact, 2) DESC) END, ''
FROM total_indexed
