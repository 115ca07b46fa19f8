"""Money given back: approvals, exports, and the comparison with the marketplace's accruals."""
