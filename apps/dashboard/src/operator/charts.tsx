import '@mantine/charts/styles.css';
import { BarChart, LineChart } from '@mantine/charts';
import { Paper, SimpleGrid, Table, Title, VisuallyHidden } from '@mantine/core';
import type { ReactNode } from 'react';
import { count, duration } from '../shown/numbers.js';
import { Empty } from '../shown/waiting.js';
import type { Minute, Overview } from './queries.js';

const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const clock = (at: string): string => CLOCK.format(new Date(at));
const HEIGHT = 220;
/** What is hidden from screen readers must not take the focus either. */
const UNFOCUSED = { accessibilityLayer: false } as const;
const COMMON = { h: HEIGHT, withLegend: true, gridAxis: 'x', tickLine: 'none' } as const;

/** The last hour in pictures. */
export default function Charts({ minutes, errors }: Pick<Overview, 'minutes' | 'errors'>) {
  return (
    <>
      <Throughput minutes={minutes} />
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Latency minutes={minutes} />
        <Errors errors={errors} />
      </SimpleGrid>
    </>
  );
}

/** Attempts a minute. */
function Throughput({ minutes }: { minutes: readonly Minute[] }) {
  return (
    <Chart
      title="Attempts a minute"
      table={
        <Numbers
          heads={['Minute', 'Succeeded', 'Failed']}
          rows={minutes.map(({ at, succeeded, failed }) => [clock(at), succeeded, failed])}
        />
      }
    >
      <BarChart
        {...COMMON}
        type="stacked"
        data={minutes.map(({ at, succeeded, failed }) => ({ at: clock(at), succeeded, failed }))}
        dataKey="at"
        series={[
          { name: 'succeeded', label: 'Succeeded', color: 'teal.7' },
          { name: 'failed', label: 'Failed', color: 'red.7' },
        ]}
        valueFormatter={count}
        barProps={{ isAnimationActive: false }}
        barChartProps={UNFOCUSED}
      />
    </Chart>
  );
}

/** How long attempts took. */
function Latency({ minutes }: { minutes: readonly Minute[] }) {
  return (
    <Chart
      title="Duration of attempts"
      table={
        <Numbers
          heads={['Minute', 'Half within', '95 % within']}
          rows={minutes.map(({ at, p50_ms: half, p95_ms: most }) => [clock(at), duration(half), duration(most)])}
        />
      }
    >
      <LineChart
        {...COMMON}
        data={minutes.map(({ at, p50_ms: half, p95_ms: most }) => ({ at: clock(at), half, most }))}
        dataKey="at"
        series={[
          { name: 'half', label: 'Half within', color: 'indigo.5' },
          { name: 'most', label: '95 % within', color: 'orange.6' },
        ]}
        valueFormatter={duration}
        withDots={false}
        curveType="linear"
        connectNulls={false}
        lineProps={{ isAnimationActive: false }}
        lineChartProps={UNFOCUSED}
        yAxisProps={{ width: 64 }}
      />
    </Chart>
  );
}

/** What went wrong in the last hour, most first. */
function Errors({ errors }: { errors: Overview['errors'] }) {
  if (errors.length === 0) {
    return (
      <Paper withBorder p="md">
        <Title order={2} mb="sm">
          Errors, last hour
        </Title>
        <Empty title="None" />
      </Paper>
    );
  }
  return (
    <Chart
      title="Errors, last hour"
      table={
        <Numbers
          heads={['Error', 'Attempts']}
          rows={errors.map(({ error_class: error, count: attempts }) => [error, attempts])}
        />
      }
    >
      <BarChart
        {...COMMON}
        withLegend={false}
        orientation="vertical"
        data={errors.map(({ error_class: error, count: attempts }) => ({ error, attempts }))}
        dataKey="error"
        series={[{ name: 'attempts', label: 'Attempts', color: 'red.7' }]}
        valueFormatter={count}
        yAxisProps={{ width: 90 }}
        gridAxis="y"
        barProps={{ isAnimationActive: false }}
        barChartProps={UNFOCUSED}
      />
    </Chart>
  );
}

/** A picture for those who see it; the same numbers for those who do not. */
function Chart({ title, table, children }: { title: string; table: ReactNode; children: ReactNode }) {
  return (
    <Paper withBorder p="md" component="section" aria-label={title}>
      <Title order={2} mb="sm">
        {title}
      </Title>
      <div aria-hidden>{children}</div>
      <VisuallyHidden>{table}</VisuallyHidden>
    </Paper>
  );
}

function Numbers({ heads, rows }: { heads: string[]; rows: (string | number)[][] }) {
  return (
    <Table>
      <Table.Thead>
        <Table.Tr>
          {heads.map((head) => (
            <Table.Th key={head}>{head}</Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map((row) => (
          <Table.Tr key={row[0]}>
            {row.map((cell, index) => (
              <Table.Td key={heads[index]}>{cell}</Table.Td>
            ))}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
