/** The borders of docs/architecture.md. A violation fails `npm run lint`, which is part of the tests. */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: { pathNot: 'generated/' },
      to: { circular: true },
    },
    {
      name: 'domain-is-pure',
      comment: 'Rules know no I/O, no clock, no generated code and no client library: only the standard language, errors, filters and money.',
      severity: 'error',
      from: { path: '^services/[^/]+/src/domain/', pathNot: '\\.spec\\.ts$' },
      to: { pathNot: ['^services/[^/]+/src/domain/', '^libs/(errors|filters|money)/'] },
    },
    {
      name: 'no-service-to-service',
      severity: 'error',
      from: { path: '^services/([^/]+)/' },
      to: { path: '^services/', pathNot: '^services/$1/' },
    },
    {
      name: 'libs-below-services',
      severity: 'error',
      from: { path: '^libs/', pathNot: ['^libs/testing/', '\\.spec\\.ts$'] },
      to: { path: '^(services|docs|deploy|tests)/' },
    },
    {
      name: 'no-deep-imports',
      comment: 'A package is imported by its name.',
      severity: 'error',
      from: { path: '^(?:libs|services|docs|deploy|tests)/([^/]+)/' },
      to: { path: '^libs/[^/]+/src/(?!index\\.ts$)', pathNot: '^libs/$1/' },
    },
    {
      name: 'examples-are-users',
      comment: 'docs/examples is what a user would write: contracts and public packages only.',
      severity: 'error',
      from: { path: '^docs/examples/' },
      to: { path: '^(services|deploy|tests|libs)/', pathNot: '^libs/(contracts|picture-sequences|speech)/' },
    },
    {
      name: 'black-box-suites',
      comment: 'tests/ drive the running system through its contracts; engines, what is made of what they measure, and rating are measured by themselves, and the oracle of rating is nobody else\'s code.',
      severity: 'error',
      from: { path: '^tests/' },
      to: { path: '^services/', pathNot: '^services/(recognition/src/(engines|domain)|billing/src/domain)/|^services/billing/src/test-support/rating-oracle\\.ts$' },
    },
    {
      name: 'declared-dependencies',
      severity: 'error',
      from: { path: '^(libs|services|docs|deploy|tests)/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'unknown'] },
    },
  ],
  options: {
    // The tools of tests (jest, fast-check) stand in the root's package.json.
    combinedDependencies: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(\\.tools|\\.data|out)/' },
    parser: 'swc',
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'], extensions: ['.ts', '.js', '.cjs', '.mjs', '.json'] },
  },
};
