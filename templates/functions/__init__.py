"""Code that runs in AWS Lambda: each file is one whole function, and stands in a template as it is.

Nothing but Python and boto3, which Lambda's runtime brings along; nothing is read when it is imported.
"""
